"""The 4-bit format of the weights, in numpy alone.

A matrix maps `inputs` numbers to `outputs` numbers. Its inputs are cut into groups of 32; the
weights of one group and one output share a scale, the largest magnitude divided by 7, and each is
stored as an integer from -7 to 7. Eight of them, plus 7 so that none is negative, share a 32-bit
word, the first in the lowest bits. Words and scales are laid out input-major, `[inputs / 8,
outputs]` and `[inputs / 32, outputs]`, so that neighbouring threads, which compute neighbouring
outputs, read neighbouring words.

WebLLM calls models with 4-bit weights and float32 arithmetic `q4f32_1`, and so does the name of
ours, but the layout is our own, not MLC's: the library that comes with the weights reads it.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["GROUP", "PER_WORD", "ZERO", "Packed", "dequantize", "pack", "quantize_round_trip"]

GROUP = 32
PER_WORD = 8
ZERO = 7
_SMALLEST_SCALE = 1e-8

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """A quantised matrix: words `[inputs / 8, outputs]`, scales `[inputs / 32, outputs]`."""

    words: npt.NDArray[np.uint32]
    scales: Floats


def pack(weight: Floats) -> Packed:
    """Quantise a weight `[outputs, inputs]`, the way `torch.nn.Linear` keeps it.

    Raises:
        ValueError: the number of inputs is no multiple of 32, or a weight is not finite.
    """
    outputs, inputs = weight.shape
    if inputs % GROUP:
        raise ValueError(f"{inputs} inputs cannot be cut into groups of {GROUP}")
    if not np.isfinite(weight).all():
        raise ValueError("a weight is not a finite number")
    groups = weight.T.astype(np.float32).reshape(inputs // GROUP, GROUP, outputs)
    scales = np.maximum(np.abs(groups).max(axis=1) / ZERO, _SMALLEST_SCALE).astype(np.float32)
    levels = np.clip(np.rint(groups / scales[:, None]), -ZERO, ZERO) + ZERO
    nibbles = levels.astype(np.uint32).reshape(inputs // PER_WORD, PER_WORD, outputs)
    return Packed(words=np.bitwise_or.reduce(nibbles << _shifts(), axis=1), scales=scales)


def dequantize(packed: Packed) -> Floats:
    """Return the weight `[outputs, inputs]` that the kernels compute with."""
    count, outputs = packed.words.shape
    nibbles = (packed.words[:, None] >> _shifts()) & np.uint32(15)
    levels = nibbles.astype(np.float32).reshape(count * PER_WORD // GROUP, GROUP, outputs) - ZERO
    weight = levels * packed.scales[:, None]
    return np.ascontiguousarray(weight.reshape(count * PER_WORD, outputs).T)


def quantize_round_trip(weight: Floats) -> Floats:
    """Return `weight` as it is after it was packed and unpacked."""
    return dequantize(pack(weight))


def _shifts() -> npt.NDArray[np.uint32]:
    return (4 * np.arange(PER_WORD, dtype=np.uint32))[None, :, None]
