"""Reading and checking a model: a folder in the format of `transformers`, or a GGUF file."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import numpy.typing as npt

from model.compile.architecture import Architecture
from model.compile.errors import CheckpointError
from model.compile.grid import Groups
from model.compile.quantize import Packed, pack, pack_groups
from model.compile.tokenizer import TOKENIZER_FILES, TextTokens, read_json
from model.compile.weights import read_weights

if TYPE_CHECKING:
    from model.compile.gguf.metadata import Metadata

__all__ = ["Checkpoint", "weight_shapes"]

# Present in older checkpoints; its values follow from config.json.
_IGNORED: Final = ".rotary_emb.inv_freq"
_UNPACKED: Final = Path("build/model/gguf")
_RESAVE: Final = (
    "AutoTokenizer.from_pretrained({folder!r}).save_pretrained({folder!r}) in transformers"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """The shape of a network, its float32 weights by their Hugging Face names, its tokenizer.

    `folder` has the tokenizer and the settings, `source` is what was read: the same folder, or a
    GGUF file. `blocks` has the weights that the source has quantized in a format that fits.
    """

    source: Path
    folder: Path
    architecture: Architecture
    weights: dict[str, npt.NDArray[np.float32]]
    tokens: TextTokens
    blocks: Mapping[str, Groups]
    _packed: dict[str, Packed] = field(default_factory=dict, repr=False)

    @classmethod
    def read(
        cls,
        source: Path,
        *,
        context: int | None = None,
        prefill_chunk: int | None = None,
        bits: int = 4,
        embedding_bits: int | None = None,
        dtype: Literal["float32", "float16"] = "float32",
    ) -> Checkpoint:
        """Read a GGUF file, or a folder with `model.safetensors` or the shards of its index.

        `context` defaults to that of the model, `prefill_chunk` to 256 or a shorter context; `bits`
        is the number of bits per weight in the compiled model, `embedding_bits` that of the
        embedding and the output projection, by default the same. `dtype` is the type of activations
        and of the cache.

        Raises:
            CheckpointError: A file or weight is missing, damaged or not supported, or has the
                wrong shape.
        """
        file = _opened(source) if source.is_file() else None
        folder = source if file is None else _unpacked(file)
        _check_files(folder)
        architecture = Architecture.from_config(
            read_json(folder / "config.json"), context=context, prefill_chunk=prefill_chunk
        )
        architecture = replace(
            architecture, bits=bits, embedding_bits=embedding_bits or bits, dtype=dtype
        )
        architecture.check()
        tokens = TextTokens.read(folder)
        _check_vocabulary(tokens, architecture)
        weights, blocks = (dict(read_weights(source)), {}) if file is None else _read(file)
        _check_weights(weights, architecture)
        weights = {name: weights[name] for name in weight_shapes(architecture)}
        return cls(
            source=source,
            folder=folder,
            architecture=architecture,
            weights=weights,
            tokens=tokens,
            blocks=blocks,
        )

    def packed(self, name: str) -> Packed:
        """Return a matrix as the library reads it; blocks of the source are not rounded again.

        Raises:
            CheckpointError: A weight is too large.
        """
        if name not in self._packed:
            bits, given = self.architecture.bits_of(name), self.blocks.get(name)
            try:
                self._packed[name] = (
                    pack_groups(given)
                    if given is not None and given.bits == bits
                    else pack(self.weights[name], bits)
                )
            except ValueError as error:
                raise CheckpointError(f"{name}: {error}. Train the network again.") from error
        return self._packed[name]


def weight_shapes(shape: Architecture) -> dict[str, tuple[int, ...]]:
    """Return the name and shape of every weight of such a network."""
    shapes: dict[str, tuple[int, ...]] = {
        "model.embed_tokens.weight": (shape.vocabulary, shape.hidden),
        "model.norm.weight": (shape.hidden,),
    }
    if not shape.tied:
        shapes["lm_head.weight"] = (shape.vocabulary, shape.hidden)
    of_layer = _layer_shapes(shape)
    for layer in range(shape.layers):
        shapes |= {f"model.layers.{layer}.{name}": size for name, size in of_layer.items()}
    return shapes


def _layer_shapes(shape: Architecture) -> dict[str, tuple[int, ...]]:
    keys = shape.kv_heads * shape.head_size
    found: dict[str, tuple[int, ...]] = {
        "input_layernorm.weight": (shape.hidden,),
        "self_attn.q_proj.weight": (shape.attention_size, shape.hidden),
        "self_attn.k_proj.weight": (keys, shape.hidden),
        "self_attn.v_proj.weight": (keys, shape.hidden),
        "self_attn.o_proj.weight": (shape.hidden, shape.attention_size),
        "post_attention_layernorm.weight": (shape.hidden,),
        "mlp.gate_proj.weight": (shape.feed_forward, shape.hidden),
        "mlp.up_proj.weight": (shape.feed_forward, shape.hidden),
        "mlp.down_proj.weight": (shape.hidden, shape.feed_forward),
    }
    if shape.family.qkv_bias:
        sizes = {"q_proj": shape.attention_size, "k_proj": keys, "v_proj": keys}
        found |= {f"self_attn.{name}.bias": (size,) for name, size in sizes.items()}
    if shape.family.head_norm:
        found |= {f"self_attn.{name}_norm.weight": (shape.head_size,) for name in "qk"}
    if shape.family.is_gemma:
        sides = ("pre", "post")
        found |= {f"{side}_feedforward_layernorm.weight": (shape.hidden,) for side in sides}
    return found


def _opened(source: Path) -> Metadata:
    # Imported late: only GGUF files need the package `gguf`.
    from model.compile.gguf.metadata import Metadata  # noqa: PLC0415

    return Metadata(source)


def _read(file: Metadata) -> tuple[dict[str, npt.NDArray[np.float32]], dict[str, Groups]]:
    """Return all weights, and the blocks of those that are quantized."""
    from model.compile.gguf.weights import tensors  # noqa: PLC0415 (see _opened)

    weights: dict[str, npt.NDArray[np.float32]] = {}
    blocks: dict[str, Groups] = {}
    for tensor in tensors(file):
        weights[tensor.name] = tensor.values
        if tensor.groups is not None:
            blocks[tensor.name] = tensor.groups
    return weights, blocks


def _unpacked(file: Metadata) -> Path:
    """Return a folder with the tokenizer and the settings of a GGUF file."""
    from model.compile.gguf.folder import write_folder  # noqa: PLC0415 (see _opened)

    with file.path.open("rb") as data:
        digest = hashlib.file_digest(data, "sha256").hexdigest()
    folder = _UNPACKED / f"{file.path.stem}-{digest[:12]}"
    write_folder(file, folder)
    return folder


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
                f"The weight {name} does not belong to a {shape.family.name} network, which would "
                "compute something else without it. Use a checkpoint without this weight."
            )


def _check_vocabulary(tokens: TextTokens, shape: Architecture) -> None:
    largest = max([*tokens.ids.values(), *tokens.ends, *tokens.starts])
    if largest >= shape.vocabulary:
        raise CheckpointError(
            f"Tokens in {tokens.folder / 'tokenizer.json'} must be below {shape.vocabulary}, the "
            f"rows of the embedding, got {largest}. Use the tokenizer of this checkpoint, or add "
            "rows with resize_token_embeddings() of transformers."
        )
