"""The format of the weights, 4 or 8 bits each, in numpy.

A matrix maps `inputs` numbers to `outputs` numbers. Its inputs are divided into groups of 32; the
weights of one group and one output share a scale, the largest magnitude divided by 7, and each is
stored as an integer from -7 to 7. Eight of them, plus 7 so that none is negative, share a 32-bit
word, the first in the lowest bits. Words and scales are laid out input-major, `[inputs / 8,
outputs]` and `[inputs / 32, outputs]`, so that adjacent threads, which compute adjacent outputs,
read adjacent words. With 8 bits, it is 127 instead of 7, and four per word.

`q4f32_1` is WebLLM's name for 4-bit weights with float32 arithmetic, and is used here, too. The
layout differs from that of MLC, and is read by the library that comes with the weights.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["GROUP", "Packed", "dequantize", "pack", "per_word", "quantize_round_trip", "zero"]

GROUP = 32
_SMALLEST_SCALE = 1e-8

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """A quantized matrix: words `[inputs / per word, outputs]`, scales `[inputs / 32, outputs]`."""

    words: npt.NDArray[np.uint32]
    scales: Floats
    bits: int = 4


def per_word(bits: int) -> int:
    """Return how many weights of `bits` bits share a word."""
    return 32 // bits


def zero(bits: int) -> int:
    """Return the integer that represents the weight 0, which is also the largest magnitude."""
    return (1 << (bits - 1)) - 1


def pack(weight: Floats, bits: int = 4) -> Packed:
    """Quantize a weight `[outputs, inputs]`, the layout of `torch.nn.Linear`.

    Raises:
        ValueError: The number of inputs is not a multiple of 32, or a weight is not finite.
    """
    outputs, inputs = weight.shape
    if inputs % GROUP:
        raise ValueError(f"inputs must be a multiple of {GROUP}, got {inputs}")
    if not np.isfinite(weight).all():
        raise ValueError("all weights must be finite")
    groups = weight.T.astype(np.float32).reshape(inputs // GROUP, GROUP, outputs)
    most = zero(bits)
    scales = np.maximum(np.abs(groups).max(axis=1) / most, _SMALLEST_SCALE).astype(np.float32)
    levels = np.clip(np.rint(groups / scales[:, None]), -most, most) + most
    fields = levels.astype(np.uint32).reshape(inputs // per_word(bits), per_word(bits), outputs)
    words = np.bitwise_or.reduce(fields << _shifts(bits), axis=1)
    return Packed(words=words, scales=scales, bits=bits)


def dequantize(packed: Packed) -> Floats:
    """Return the weight `[outputs, inputs]` that the kernels compute with."""
    groups, outputs = packed.scales.shape
    fields = (packed.words[:, None] >> _shifts(packed.bits)) & np.uint32(2**packed.bits - 1)
    levels = fields.astype(np.float32).reshape(groups, GROUP, outputs) - zero(packed.bits)
    weight = levels * packed.scales[:, None]
    return np.ascontiguousarray(weight.reshape(groups * GROUP, outputs).T)


def quantize_round_trip(weight: Floats, bits: int = 4) -> Floats:
    """Return `weight` after packing and unpacking."""
    return dequantize(pack(weight, bits))


def _shifts(bits: int) -> npt.NDArray[np.uint32]:
    return (bits * np.arange(per_word(bits), dtype=np.uint32))[None, :, None]
