"""Reading and checking a folder with a Llama in Hugging Face format."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from model.compile.architecture import Architecture
from model.compile.errors import CheckpointError
from model.compile.tokenizer import TOKENIZER_FILES, TextTokens, read_json
from model.compile.weights import read_weights

__all__ = ["Checkpoint", "weight_shapes"]

# Present in older checkpoints; its values follow from config.json.
_IGNORED: Final = ".rotary_emb.inv_freq"
_RESAVE: Final = (
    "AutoTokenizer.from_pretrained({folder!r}).save_pretrained({folder!r}) in transformers"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """The shape of a network, its float32 weights by their Hugging Face names, its tokenizer."""

    folder: Path
    architecture: Architecture
    weights: dict[str, npt.NDArray[np.float32]]
    tokens: TextTokens

    @classmethod
    def read(
        cls,
        folder: Path,
        *,
        context: int | None = None,
        prefill_chunk: int | None = None,
        bits: int = 4,
    ) -> Checkpoint:
        """Read `folder`; the weights are in `model.safetensors`, or in the shards of its index.

        `context` defaults to that of the model, `prefill_chunk` to 256 or a shorter context; `bits`
        is the number of bits per weight in the compiled model.

        Raises:
            CheckpointError: A file or weight is missing, damaged or not supported, or has the
                wrong shape.
        """
        _check_files(folder)
        architecture = Architecture.from_config(
            read_json(folder / "config.json"), context=context, prefill_chunk=prefill_chunk
        )
        architecture = replace(architecture, bits=bits)
        tokens = TextTokens.read(folder)
        _check_vocabulary(tokens, architecture)
        weights = dict(read_weights(folder))
        _check_weights(weights, architecture)
        weights = {name: weights[name] for name in weight_shapes(architecture)}
        return cls(folder=folder, architecture=architecture, weights=weights, tokens=tokens)


def weight_shapes(shape: Architecture) -> dict[str, tuple[int, ...]]:
    """Return the name and shape of every weight of such a network."""
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


def _check_files(folder: Path) -> None:
    if not folder.is_dir():
        raise CheckpointError(
            f"{folder} is not a folder. Pass a folder that save_pretrained() wrote, or a download."
        )
    if not (folder / "config.json").is_file():
        raise CheckpointError(
            f"{folder} has no config.json. Pass the folder that the training wrote."
        )
    for name in TOKENIZER_FILES:
        if not (folder / name).is_file():
            raise CheckpointError(
                f"{folder} has no {name}. Create it with {_RESAVE.format(folder=str(folder))}."
            )


def _check_weights(weights: dict[str, npt.NDArray[np.float32]], shape: Architecture) -> None:
    shapes = weight_shapes(shape)
    for name, expected in shapes.items():
        if name not in weights:
            raise CheckpointError(f"The weight {name} is missing. Copy all shards into the folder.")
        if weights[name].shape != expected:
            raise CheckpointError(
                f"{name} must have the shape {expected} by config.json, got {weights[name].shape}. "
                "Use the config.json that belongs to the weights."
            )
        if not np.isfinite(weights[name]).all():
            raise CheckpointError(
                f"{name} has values that are not finite. Train the network again."
            )
    for name in weights:
        # A tied head may be stored as well; like transformers, use the embedding.
        if name not in shapes and not name.endswith(_IGNORED) and name != "lm_head.weight":
            raise CheckpointError(
                f"The weight {name} does not belong to a plain Llama, which would compute "
                "something else without it. Use a checkpoint without this weight."
            )


def _check_vocabulary(tokens: TextTokens, shape: Architecture) -> None:
    largest = max([*tokens.ids.values(), *tokens.ends, *tokens.starts])
    if largest >= shape.vocabulary:
        raise CheckpointError(
            f"Tokens in {tokens.folder / 'tokenizer.json'} must be below {shape.vocabulary}, the "
            f"rows of the embedding, got {largest}. Use the tokenizer of this checkpoint, or add "
            "rows with resize_token_embeddings() of transformers."
        )
