"""What changes as training goes on, as functions of progress (0 at the start, 1 at the end).

Progress is steps done or time used, whichever is further, so that a time limit ends training
just as smoothly as a number of steps does.
"""

from __future__ import annotations

import math

__all__ = ["QUANTISED_FROM", "learning_rate", "quantised_share"]

_WARMUP = 0.02
# Of a short run that share would be a few steps, which deep and wide networks bear badly.
_WARMUP_STEPS = 200
_FLOOR = 0.02
QUANTISED_FROM = 0.7


def learning_rate(progress: float, *, peak: float, step: int = 0, steps: int = 0) -> float:
    """Return the learning rate: a linear start, then half a cosine down to a fiftieth of `peak`.

    The start takes a fiftieth of training; of many `steps` 200 at least, when time ends training.
    """
    needed = max(min(_WARMUP_STEPS, _WARMUP * steps), 1)
    start = min(max(progress / _WARMUP, 0.01), (step + 1) / needed, 1.0)
    done = min(max((progress - _WARMUP) / (1 - _WARMUP), 0.0), 1.0)
    return peak * start * (_FLOOR + (1 - _FLOOR) * 0.5 * (1 + math.cos(math.pi * done)))


def quantised_share(progress: float, *, start: float = QUANTISED_FROM) -> float:
    """Return how far weights go towards their 4-bit form: not at all, from `start` all the way."""
    return 1.0 if progress >= start else 0.0
