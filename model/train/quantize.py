"""The 4-bit form of a weight, and training through it.

Groups of 32 along the last (input) dimension share one scale; a weight becomes an integer from -7
to 7 times the scale. `model.compile` packs the same numbers.
"""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["GROUP", "STEPS", "quantized", "through_quantization"]

GROUP = 32
STEPS = 7  # on each side of zero
_SMALLEST_SCALE = 1e-8


def quantized(weight: Tensor, *, steps: int = STEPS) -> Tensor:
    """Return `weight` [rows, columns] after a quantization round trip; columns % 32 == 0.

    `steps` is the number of levels on each side of zero: 7 for 4 bits, 127 for 8.
    """
    groups = weight.float().unflatten(-1, (-1, GROUP))
    scale = groups.abs().amax(-1, keepdim=True).div(steps).clamp_min(_SMALLEST_SCALE)
    levels = torch.round(groups / scale).clamp(-steps, steps)
    return (levels * scale).flatten(-2)


def through_quantization(weight: Tensor, share: Tensor) -> Tensor:
    """Return `weight` moved toward its 4-bit form by `share`, 0 to 1, with unchanged gradients."""
    return weight + share * (quantized(weight.detach()) - weight.detach())
