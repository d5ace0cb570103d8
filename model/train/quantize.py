"""The 4-bit form of a weight, and training through it.

Groups of 32 along the last (input) dimension share a scale and an offset, both rounded to float16:
a weight becomes a level from 0 to 15 times the scale plus the offset. The levels reach from the
smallest to the largest weight of the group. `model.compile` finds the same numbers in weights that
have this form, and packs them.
"""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["GROUP", "LEVELS", "quantized", "through_quantization"]

GROUP = 32
LEVELS = 16
_SMALLEST_SCALE = 2.0**-14  # the smallest normal float16


def quantized(weight: Tensor, *, levels: int = LEVELS) -> Tensor:
    """Return `weight` [rows, columns] after a quantization round trip; columns % 32 == 0.

    `levels` is 16 for 4 bits, 256 for 8.
    """
    groups = weight.float().unflatten(-1, (-1, GROUP))
    lowest, highest = groups.amin(-1, keepdim=True), groups.amax(-1, keepdim=True)
    scale = _half((highest - lowest).div(levels - 1).clamp_min(_SMALLEST_SCALE))
    offset = _half(lowest)
    level = torch.round((groups - offset) / scale).clamp(0, levels - 1)
    return (level * scale + offset).flatten(-2)


def _half(numbers: Tensor) -> Tensor:
    return numbers.half().float()


def through_quantization(weight: Tensor, share: Tensor) -> Tensor:
    """Return `weight` moved toward its 4-bit form by `share`, 0 to 1, with unchanged gradients."""
    return weight + share * (quantized(weight.detach()) - weight.detach())
