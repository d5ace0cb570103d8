"""The 4-bit form of a weight, and how training looks through it.

Groups of 32 along the last (input) dimension share one scale; a weight becomes one of fifteen
steps of it. `model.compile` packs the same numbers.
"""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["GROUP", "STEPS", "quantised", "through_quantisation"]

GROUP = 32
STEPS = 7  # on each side of zero
_SMALLEST_SCALE = 1e-8


def quantised(weight: Tensor, *, steps: int = STEPS) -> Tensor:
    """Return `weight` [rows, columns] after a round trip through few bits; columns % 32 == 0.

    `steps` is how many there are on each side of zero: 7 are 4 bits, 127 are 8.
    """
    groups = weight.float().unflatten(-1, (-1, GROUP))
    scale = groups.abs().amax(-1, keepdim=True).div(steps).clamp_min(_SMALLEST_SCALE)
    whole = torch.round(groups / scale).clamp(-steps, steps)
    return (whole * scale).flatten(-2)


def through_quantisation(weight: Tensor, share: Tensor) -> Tensor:
    """Return `weight` moved towards its 4-bit form by `share` (0 to 1), gradients as if unmoved."""
    return weight + share * (quantised(weight.detach()) - weight.detach())
