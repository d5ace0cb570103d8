"""The parameters of the compiled library: their names, shapes, types and values.

The library takes them as one tuple in this order, and WebLLM finds each by its name in
`tensor-cache.json`. Weights that are multiplied by the same input are concatenated: query, key and
value; gate and up.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from model.compile.architecture import Architecture
from model.compile.checkpoint import Checkpoint
from model.compile.quantize import GROUP, dequantize, pack, per_word

__all__ = ["Parameter", "dequantized", "fill", "parameters"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One tensor: the weight of a norm, or the words or scales of a quantized matrix."""

    name: str
    shape: tuple[int, ...]
    dtype: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """The weights of the checkpoint that form one parameter, or one pair of words and scales."""

    name: str
    weights: tuple[str, ...]
    outputs: int
    inputs: int | None = None  # None: a vector, kept in float32


def parameters(shape: Architecture) -> list[Parameter]:
    """Return all parameters in the order of the library's arguments."""
    return [parameter for source in _sources(shape) for parameter in _declare(source, shape.bits)]


def fill(checkpoint: Checkpoint) -> dict[str, npt.NDArray[Any]]:
    """Return the value of every parameter; matrices are quantized."""
    filled: dict[str, npt.NDArray[Any]] = {}
    for source in _sources(checkpoint.architecture):
        weight = np.concatenate([checkpoint.weights[name] for name in source.weights])
        # Padding of the vocabulary: never looked up, and its logits are never written.
        weight = np.pad(weight, [(0, source.outputs - len(weight))] + [(0, 0)] * (weight.ndim - 1))
        if source.inputs is None:
            filled[source.name] = weight
            continue
        packed = pack(weight, checkpoint.architecture.bits)
        filled[f"{source.name}.words"] = packed.words
        filled[f"{source.name}.scales"] = packed.scales
    return filled


def dequantized(checkpoint: Checkpoint) -> dict[str, npt.NDArray[np.float32]]:
    """Return the checkpoint's weights as the library computes with them."""
    bits = checkpoint.architecture.bits
    matrices = {
        name
        for source in _sources(checkpoint.architecture)
        if source.inputs is not None
        for name in source.weights
    }
    return {
        name: dequantize(pack(weight, bits)) if name in matrices else weight
        for name, weight in checkpoint.weights.items()
    }


def _sources(shape: Architecture) -> Iterator[_Source]:
    yield _Source(
        name="embedding",
        weights=("model.embed_tokens.weight",),
        inputs=shape.hidden,
        outputs=shape.padded_vocabulary,
    )
    for layer in range(shape.layers):
        yield from _layer_sources(shape, f"layers.{layer}", f"model.layers.{layer}")
    yield _Source(name="norm", weights=("model.norm.weight",), outputs=shape.hidden)
    if not shape.tied:
        yield _Source(
            name="head",
            weights=("lm_head.weight",),
            inputs=shape.hidden,
            outputs=shape.padded_vocabulary,
        )


def _layer_sources(shape: Architecture, ours: str, theirs: str) -> Iterator[_Source]:
    def source(name: str, *weights: str, outputs: int, inputs: int | None = None) -> _Source:
        names = tuple(f"{theirs}.{weight}.weight" for weight in weights)
        return _Source(name=f"{ours}.{name}", weights=names, outputs=outputs, inputs=inputs)

    projections = ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj")
    yield source("attention.norm", "input_layernorm", outputs=shape.hidden)
    yield source("attention.qkv", *projections, inputs=shape.hidden, outputs=shape.qkv_size)
    yield source(
        "attention.out", "self_attn.o_proj", inputs=shape.attention_size, outputs=shape.hidden
    )
    yield source("mlp.norm", "post_attention_layernorm", outputs=shape.hidden)
    yield source(
        "mlp.gate_up",
        "mlp.gate_proj",
        "mlp.up_proj",
        inputs=shape.hidden,
        outputs=2 * shape.feed_forward,
    )
    yield source("mlp.down", "mlp.down_proj", inputs=shape.feed_forward, outputs=shape.hidden)


def _declare(source: _Source, bits: int) -> Iterator[Parameter]:
    if source.inputs is None:
        yield Parameter(name=source.name, shape=(source.outputs,), dtype="float32")
        return
    words = (source.inputs // per_word(bits), source.outputs)
    scales = (source.inputs // GROUP, source.outputs)
    yield Parameter(name=f"{source.name}.words", shape=words, dtype="uint32")
    yield Parameter(name=f"{source.name}.scales", shape=scales, dtype="uint32")
