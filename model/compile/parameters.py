"""The parameters of the compiled library: their names, shapes, types and values.

The library takes them as one tuple in this order, and WebLLM finds each by its name in
`tensor-cache.json`. Weights that are multiplied by the same input are concatenated: query, key and
value; gate and up.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from model.compile.architecture import Architecture
from model.compile.checkpoint import Checkpoint
from model.compile.quantize import GROUP, Packed, concatenate, dequantize, per_word

__all__ = ["Parameter", "bits_per_weight", "dequantized", "fill", "parameters", "unpacked"]


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
    base: float = 0.0  # what is added to a vector


def parameters(shape: Architecture) -> list[Parameter]:
    """Return all parameters in the order of the library's arguments."""
    return [parameter for source in _sources(shape) for parameter in _declare(source, shape)]


def fill(checkpoint: Checkpoint) -> dict[str, npt.NDArray[Any]]:
    """Return the value of every parameter; matrices are quantized."""
    filled: dict[str, npt.NDArray[Any]] = {}
    for source in _sources(checkpoint.architecture):
        if source.inputs is None:
            filled[source.name] = np.concatenate(
                [checkpoint.weights[name] + np.float32(source.base) for name in source.weights]
            )
            continue
        packed = concatenate([checkpoint.packed(name) for name in source.weights])
        # Padding of the vocabulary: never looked up, and its logits are never written.
        padding = [(0, 0), (0, source.outputs - packed.words.shape[1])]
        filled[f"{source.name}.words"] = np.pad(packed.words, padding)
        filled[f"{source.name}.scales"] = np.pad(packed.scales, padding)
    return filled


def dequantized(checkpoint: Checkpoint) -> dict[str, npt.NDArray[np.float32]]:
    """Return the checkpoint's weights as the library computes with them."""
    matrices = {
        name
        for source in _sources(checkpoint.architecture)
        if source.inputs is not None
        for name in source.weights
    }
    return {
        name: dequantize(checkpoint.packed(name)) if name in matrices else weight
        for name, weight in checkpoint.weights.items()
    }


def unpacked(
    values: Mapping[str, npt.NDArray[Any]], shape: Architecture, *, rows: Mapping[str, int]
) -> dict[str, npt.NDArray[np.float32]]:
    """Return the weights of the checkpoint from the values of the parameters, as `fill` made them.

    `rows` says how many outputs, or numbers of a vector, each weight has.
    """
    weights: dict[str, npt.NDArray[np.float32]] = {}
    for source in _sources(shape):
        ends = np.cumsum([rows[name] for name in source.weights])
        if source.inputs is None:
            whole = values[source.name] - np.float32(source.base)
        else:
            words, scales = (values[f"{source.name}.{part}"] for part in ("words", "scales"))
            bits = 32 * words.shape[0] // source.inputs
            whole = dequantize(Packed(words=words, scales=scales, bits=bits))
        # What is after the last end is padding of the vocabulary.
        weights |= zip(source.weights, np.split(whole, ends), strict=False)
    return weights


def bits_per_weight(shape: Architecture) -> float:
    """Return the size of all parameters in bits, divided by the number of weights."""
    size = sum(32 * math.prod(parameter.shape) for parameter in parameters(shape))
    weights = sum(source.outputs * (source.inputs or 1) for source in _sources(shape))
    return size / weights


def _sources(shape: Architecture) -> Iterator[_Source]:
    yield _Source(
        name="embedding",
        weights=("model.embed_tokens.weight",),
        inputs=shape.hidden,
        outputs=shape.padded_vocabulary,
    )
    for layer in range(shape.layers):
        yield from _layer_sources(shape, f"layers.{layer}", f"model.layers.{layer}")
    yield _Source(
        name="norm",
        weights=("model.norm.weight",),
        outputs=shape.hidden,
        base=_norm_base(shape),
    )
    if not shape.tied:
        yield _Source(
            name="head",
            weights=("lm_head.weight",),
            inputs=shape.hidden,
            outputs=shape.padded_vocabulary,
        )


def _norm_base(shape: Architecture) -> float:
    """Return what the weights of norms are relative to."""
    return 1.0 if shape.family.is_gemma else 0.0


def _layer_sources(shape: Architecture, ours: str, theirs: str) -> Iterator[_Source]:
    def source(name: str, *weights: str, outputs: int, inputs: int | None = None) -> _Source:
        names = tuple(f"{theirs}.{weight}" for weight in weights)
        return _Source(name=f"{ours}.{name}", weights=names, outputs=outputs, inputs=inputs)

    def norm(name: str, *weights: str, size: int) -> _Source:
        return replace(source(name, *weights, outputs=size), base=_norm_base(shape))

    hidden, attention, width = shape.hidden, shape.attention_size, shape.feed_forward
    qkv = [f"self_attn.{part}_proj" for part in "qkv"]
    weights = [f"{name}.weight" for name in qkv]
    yield norm("attention.norm", "input_layernorm.weight", size=hidden)
    yield source("attention.qkv", *weights, inputs=hidden, outputs=shape.qkv_size)
    if shape.family.qkv_bias:
        biases = [f"{name}.bias" for name in qkv]
        yield source("attention.bias", *biases, outputs=shape.qkv_size)
    if shape.family.head_norm:
        gains = [f"self_attn.{part}_norm.weight" for part in "qk"]
        yield norm("attention.head_norm", *gains, size=2 * shape.head_size)
    yield source("attention.out", "self_attn.o_proj.weight", inputs=attention, outputs=hidden)
    if shape.family.is_gemma:
        yield norm("attention.out_norm", "post_attention_layernorm.weight", size=hidden)
        yield norm("mlp.norm", "pre_feedforward_layernorm.weight", size=hidden)
    else:
        yield norm("mlp.norm", "post_attention_layernorm.weight", size=hidden)
    gate_up = ("mlp.gate_proj.weight", "mlp.up_proj.weight")
    yield source("mlp.gate_up", *gate_up, inputs=hidden, outputs=2 * width)
    yield source("mlp.down", "mlp.down_proj.weight", inputs=width, outputs=hidden)
    if shape.family.is_gemma:
        yield norm("mlp.out_norm", "post_feedforward_layernorm.weight", size=hidden)


def _declare(source: _Source, shape: Architecture) -> Iterator[Parameter]:
    if source.inputs is None:
        yield Parameter(name=source.name, shape=(source.outputs,), dtype="float32")
        return
    bits = shape.bits_of(source.weights[0])
    words = (source.inputs // per_word(bits), source.outputs)
    scales = (source.inputs // GROUP, source.outputs)
    yield Parameter(name=f"{source.name}.words", shape=words, dtype="uint32")
    yield Parameter(name=f"{source.name}.scales", shape=scales, dtype="uint32")
