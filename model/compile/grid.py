"""Choosing the levels, the scale and the offset of each group of weights.

Several grids are tried for each group: all levels from the smallest to the largest weight, narrower
ones, which clip the extremes, and one that is symmetric around zero. Each is moved to the least
squares of the levels that it gives, and the best is kept: for weights that already have this form,
as those of the built-in model, the one that they were trained with.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

__all__ = ["GROUP", "Groups", "fit", "fits"]

GROUP: Final = 32
# By how many levels a grid is narrower than the range of the weights.
_NARROWER: Final = {4: (0.0, 1.0, 2.0, 3.5), 8: (0.0,)}
_MOVES: Final = 2
_SMALLEST: Final = np.float32(2.0**-14)  # the smallest normal float16
_LARGEST: Final = 60_000.0
_BATCH: Final = 8192  # groups: small enough for the caches of a CPU

Floats = npt.NDArray[np.float32]
Halves = npt.NDArray[np.float16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """Levels `[outputs, groups, 32]` of `bits` bits; scales and offsets `[outputs, groups]`."""

    levels: npt.NDArray[np.uint8]
    scales: Halves
    offsets: Halves
    bits: int


def fit(weight: Floats, bits: int) -> Groups:
    """Round a weight `[outputs, inputs]` to levels of `bits` bits.

    Raises:
        ValueError: The number of inputs is not a multiple of 32, a weight is not finite, or it is
            too large for float16.
    """
    outputs, inputs = weight.shape
    if inputs % GROUP:
        raise ValueError(f"inputs must be a multiple of {GROUP}, got {inputs}")
    if not np.isfinite(weight).all():
        raise ValueError("all weights must be finite")
    if np.abs(weight).max(initial=0) > _LARGEST:
        raise ValueError(f"all weights must be at most {_LARGEST:.0f}")
    values = np.ascontiguousarray(weight, np.float32).reshape(-1, GROUP)
    levels = np.empty(values.shape, np.uint8)
    scales, offsets = np.empty((2, len(values)), np.float16)
    for start in range(0, len(values), _BATCH):
        part = slice(start, start + _BATCH)
        levels[part], scales[part], offsets[part] = _best(values[part], bits)
    return Groups(
        levels=levels.reshape(outputs, -1, GROUP),
        scales=scales.reshape(outputs, -1),
        offsets=offsets.reshape(outputs, -1),
        bits=bits,
    )


def fits(numbers: Halves) -> npt.NDArray[np.bool_]:
    """Return for each scale or offset whether the kernels can read it: zero, or a normal number."""
    size = np.abs(numbers.astype(np.float32))
    readable: npt.NDArray[np.bool_] = np.isfinite(size) & ((size == 0) | (size >= _SMALLEST))
    return readable


def _best(values: Floats, bits: int) -> tuple[npt.NDArray[np.uint8], Halves, Halves]:
    """Return the levels, scales and offsets of the best grid of each group."""
    least = np.full(len(values), np.inf, np.float32)
    levels = np.zeros(values.shape, np.float32)
    scales, offsets = np.zeros((2, len(values)), np.float32)
    for scale, offset in _grids(values, bits):
        for _ in range(_MOVES):
            scale, offset = _moved(values, scale, offset, bits)  # noqa: PLW2901
        nearest = _levels(values, scale, offset, bits)
        error = np.square(nearest * scale[:, None] + offset[:, None] - values).sum(1)
        better = error < least
        least[better] = error[better]
        levels[better] = nearest[better]
        scales[better], offsets[better] = scale[better], offset[better]
    return levels.astype(np.uint8), scales.astype(np.float16), offsets.astype(np.float16)


def _grids(values: Floats, bits: int) -> Iterator[tuple[Floats, Floats]]:
    """Yield the scales and offsets to try."""
    most = 2**bits - 1
    zero = most // 2
    scale = np.abs(values).max(1) / zero
    yield scale, -zero * scale
    low, high = values.min(1), values.max(1)
    for fewer in _NARROWER[bits]:
        scale = (high - low) / (most + fewer)
        yield scale, (low + high - most * scale) / 2


def _moved(values: Floats, scale: Floats, offset: Floats, bits: int) -> tuple[Floats, Floats]:
    """Return the least squares of the levels that a grid gives, rounded to float16."""
    levels = _levels(values, scale, offset, bits)
    mean_level, mean_value = levels.mean(1), values.mean(1)
    levels -= mean_level[:, None]
    spread = np.square(levels).sum(1)
    together = (levels * (values - mean_value[:, None])).sum(1)
    scale = np.where(spread > 0, together / np.maximum(spread, 1e-9), 0)
    scale = _half(np.where(scale > 0, np.maximum(scale, _SMALLEST), 0))
    return scale, _half(mean_value - scale * mean_level)


def _levels(values: Floats, scale: Floats, offset: Floats, bits: int) -> Floats:
    steps = (values - offset[:, None]) / np.where(scale == 0, 1, scale)[:, None]
    found: Floats = np.clip(np.rint(steps), 0, 2**bits - 1)
    return found


def _half(numbers: npt.NDArray[Any]) -> Floats:
    """Round to float16; what is below its normal range becomes zero or the smallest of it."""
    size = np.abs(numbers)
    small = np.where(size < _SMALLEST / 2, 0, np.copysign(_SMALLEST, numbers))
    return np.where(size < _SMALLEST, small, numbers).astype(np.float16).astype(np.float32)
