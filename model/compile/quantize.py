"""The format of the weights, 4 or 8 bits each, in numpy.

A matrix maps `inputs` numbers to `outputs` numbers. Its inputs are divided into groups of 32; the
weights of one group and one output share a scale and an offset, and each is stored as a level, an
integer from 0 to 15 (or 255): the weight is `level * scale + offset`. Eight levels of 4 bits, or
four of 8, share a 32-bit word, the first in the lowest bits. Scale and offset are float16 and share
another word, the scale in the low half. Both kinds of words are laid out input-major, `[inputs / 8,
outputs]` and `[inputs / 32, outputs]`, so that adjacent threads, which compute adjacent outputs,
read adjacent words.

The blocks Q4_0, Q4_1 and Q8_0 of GGUF fit into this format without rounding. `q4f32_1` is WebLLM's
name for 4-bit weights with float32 arithmetic, and is used here, too. The layout differs from that
of MLC, and is read by the library that comes with the weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from model.compile.grid import GROUP, Groups, fit

__all__ = ["GROUP", "Packed", "concatenate", "dequantize", "pack", "pack_groups", "per_word"]

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """A quantized matrix: words `[inputs / per word, outputs]`, scales `[inputs / 32, outputs]`."""

    words: npt.NDArray[np.uint32]
    scales: npt.NDArray[np.uint32]
    """The scale of each group in the low half, its offset in the high half, both float16."""
    bits: int = 4


def per_word(bits: int) -> int:
    """Return how many weights of `bits` bits share a word."""
    return 32 // bits


def pack(weight: Floats, bits: int = 4) -> Packed:
    """Quantize a weight `[outputs, inputs]`, the layout of `torch.nn.Linear`.

    Raises:
        ValueError: The number of inputs is not a multiple of 32, a weight is not finite, or it is
            too large for float16.
    """
    return pack_groups(fit(weight, bits))


def pack_groups(groups: Groups) -> Packed:
    """Write levels, scales and offsets as words."""
    bits = groups.bits
    outputs, count, _ = groups.levels.shape
    levels = groups.levels.reshape(outputs, count * GROUP // per_word(bits), per_word(bits))
    words = np.zeros(levels.shape[:2], np.uint32)
    for index in range(per_word(bits)):
        words |= levels[:, :, index].astype(np.uint32) << np.uint32(bits * index)
    scales, offsets = (
        each.view(np.uint16).astype(np.uint32) for each in (groups.scales, groups.offsets)
    )
    return Packed(
        words=_turned(words), scales=_turned(scales | offsets << np.uint32(16)), bits=bits
    )


def concatenate(parts: Sequence[Packed]) -> Packed:
    """Return one matrix with the outputs of several, which have the same inputs and bits."""
    return Packed(
        words=np.concatenate([part.words for part in parts], axis=1),
        scales=np.concatenate([part.scales for part in parts], axis=1),
        bits=parts[0].bits,
    )


def dequantize(packed: Packed) -> Floats:
    """Return the weight `[outputs, inputs]` that the kernels compute with."""
    shifts = (packed.bits * np.arange(per_word(packed.bits), dtype=np.uint32))[None, None]
    fields = packed.words.T[:, :, None] >> shifts & np.uint32(2**packed.bits - 1)
    count, outputs = packed.scales.shape
    levels = fields.reshape(outputs, count, GROUP).astype(np.float32)
    scales = _half(packed.scales & np.uint32(0xFFFF))
    offsets = _half(packed.scales >> np.uint32(16))
    return (levels * scales + offsets).reshape(outputs, count * GROUP)


def _half(words: npt.NDArray[np.uint32]) -> Floats:
    numbers = words.astype(np.uint16).view(np.float16).astype(np.float32)
    return np.ascontiguousarray(numbers.T)[:, :, None]


def _turned(words: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.ascontiguousarray(words.T)
