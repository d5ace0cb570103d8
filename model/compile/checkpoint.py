"""A folder in the Hugging Face form of a Llama: what is in it, read and checked."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open

from .architecture import DEFAULT_PREFILL_CHUNK, Architecture
from .errors import CheckpointError

__all__ = ["TOKENIZER_FILES", "Checkpoint", "weight_shapes"]

TOKENIZER_FILES: Final = ("tokenizer.json", "tokenizer_config.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """The network's shape and its weights by their Hugging Face names, in float32."""

    folder: Path
    architecture: Architecture
    weights: dict[str, npt.NDArray[np.float32]]

    @classmethod
    def read(
        cls,
        folder: Path,
        *,
        context: int | None = None,
        prefill_chunk: int = DEFAULT_PREFILL_CHUNK,
    ) -> "Checkpoint":
        """Read `folder`; the weights may be in one `model.safetensors` or in several shards.

        Raises:
            CheckpointError: a file or weight is missing, damaged, or of the wrong shape.
        """
        for name in ("config.json", *TOKENIZER_FILES):
            if not (folder / name).is_file():
                raise CheckpointError(
                    f"{folder} has no {name}. Give the folder that the training wrote."
                )
        architecture = Architecture.from_config(
            _read_config(folder / "config.json"), context=context, prefill_chunk=prefill_chunk
        )
        weights = dict(_read_weights(folder))
        _check_weights(weights, architecture)
        _check_tokenizer(folder / "tokenizer.json", architecture)
        return cls(folder=folder, architecture=architecture, weights=weights)


def weight_shapes(shape: Architecture) -> dict[str, tuple[int, ...]]:
    """Return the name and shape of every weight that a network of this shape has."""
    keys = shape.kv_heads * shape.head_size
    shapes: dict[str, tuple[int, ...]] = {
        "model.embed_tokens.weight": (shape.vocabulary, shape.hidden),
        "model.norm.weight": (shape.hidden,),
    }
    if not shape.tied:
        shapes["lm_head.weight"] = (shape.vocabulary, shape.hidden)
    for layer in range(shape.layers):
        shapes |= {
            f"model.layers.{layer}.{name}.weight": size
            for name, size in {
                "input_layernorm": (shape.hidden,),
                "self_attn.q_proj": (shape.attention_size, shape.hidden),
                "self_attn.k_proj": (keys, shape.hidden),
                "self_attn.v_proj": (keys, shape.hidden),
                "self_attn.o_proj": (shape.hidden, shape.attention_size),
                "post_attention_layernorm": (shape.hidden,),
                "mlp.gate_proj": (shape.feed_forward, shape.hidden),
                "mlp.up_proj": (shape.feed_forward, shape.hidden),
                "mlp.down_proj": (shape.hidden, shape.feed_forward),
            }.items()
        }
    return shapes


def _read_config(path: Path) -> dict[str, Any]:
    try:
        config = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise CheckpointError(f"{path} is no JSON: {error}. Save the model again.") from error
    if not isinstance(config, dict):
        raise CheckpointError(f"{path} holds no JSON object. Save the model again.")
    return config


def _read_weights(folder: Path) -> Iterator[tuple[str, npt.NDArray[np.float32]]]:
    shards = sorted(folder.glob("model*.safetensors"))
    if not shards:
        raise CheckpointError(
            f"{folder} has no model.safetensors. Save with safe_serialization=True."
        )
    for shard in shards:
        try:
            with safe_open(shard, framework="numpy") as tensors:
                for name in tensors.keys():  # noqa: SIM118 (not a mapping)
                    yield name, np.asarray(tensors.get_tensor(name), dtype=np.float32)
        except (SafetensorError, TypeError) as error:
            raise CheckpointError(
                f"{shard} cannot be read: {error}. Save it again, in float32 or float16."
            ) from error


def _check_weights(weights: dict[str, npt.NDArray[np.float32]], shape: Architecture) -> None:
    for name, expected in weight_shapes(shape).items():
        if name not in weights:
            raise CheckpointError(f"The weight {name} is missing. Are all shards in the folder?")
        if weights[name].shape != expected:
            raise CheckpointError(
                f"{name} has shape {weights[name].shape}, config.json says {expected}. "
                "Do the two files belong together?"
            )
        if not np.isfinite(weights[name]).all():
            raise CheckpointError(f"{name} holds numbers that are not finite. Train again.")


def _check_tokenizer(path: Path, shape: Architecture) -> None:
    tokenizer = _read_config(path)
    model = tokenizer.get("model") or {}
    ids = {**model.get("vocab", {}), **_added(tokenizer)} if model.get("type") == "BPE" else {}
    if not ids:
        raise CheckpointError(f"{path} is no BPE tokenizer. Train one with `tokenizers`.")
    if max(ids.values()) >= shape.vocabulary:
        raise CheckpointError(
            f"{path} has tokens up to {max(ids.values())}, but the embedding has only "
            f"{shape.vocabulary} rows. Do the two files belong together?"
        )


def _added(tokenizer: dict[str, Any]) -> dict[str, int]:
    return {token["content"]: token["id"] for token in tokenizer.get("added_tokens", [])}
