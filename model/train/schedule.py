"""What changes as training goes on, as functions of progress (0 at the start, 1 at the end).

Progress is steps done or time used, whichever is further, so that a time limit ends training
just as smoothly as a number of steps does.
"""

from __future__ import annotations

import math

__all__ = ["QUANTISED_FROM", "learning_rate", "quantised_share"]

_WARMUP = 0.02
_FLOOR = 0.02
QUANTISED_FROM = 0.7


def learning_rate(progress: float, *, peak: float) -> float:
    """Return the learning rate: a linear start, then half a cosine down to a fiftieth of `peak`."""
    if progress < _WARMUP:
        return peak * max(progress / _WARMUP, 0.01)
    done = min((progress - _WARMUP) / (1 - _WARMUP), 1.0)
    return peak * (_FLOOR + (1 - _FLOOR) * 0.5 * (1 + math.cos(math.pi * done)))


def quantised_share(progress: float, *, start: float = QUANTISED_FROM) -> float:
    """Return how far weights go towards their 4-bit form: not at all, from `start` all the way."""
    return 1.0 if progress >= start else 0.0
