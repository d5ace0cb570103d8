"""Learning rate and quantization as functions of progress (0 at the start, 1 at the end).

Progress is the share of steps or of time, whichever is larger, so that a time limit ends training
as smoothly as a number of steps does.
"""

from __future__ import annotations

import math

__all__ = ["PEAK", "QUANTIZED_FROM", "learning_rate", "quantized_share"]

PEAK = 3e-3
_WARMUP = 0.02
# In a short run, _WARMUP would be a few steps: too few for deep and wide networks.
_WARMUP_STEPS = 200
_FLOOR = 0.02
QUANTIZED_FROM = 0.7


def learning_rate(progress: float, *, peak: float, step: int = 0, steps: int = 0) -> float:
    """Return the learning rate: linear warmup, then cosine decay to a fiftieth of `peak`.

    The warmup takes a fiftieth of training, and at least 200 steps if time ends training.
    """
    needed = max(min(_WARMUP_STEPS, _WARMUP * steps), 1)
    start = min(max(progress / _WARMUP, 0.01), (step + 1) / needed, 1.0)
    done = min(max((progress - _WARMUP) / (1 - _WARMUP), 0.0), 1.0)
    return peak * start * (_FLOOR + (1 - _FLOOR) * 0.5 * (1 + math.cos(math.pi * done)))


def quantized_share(progress: float, *, start: float = QUANTIZED_FROM) -> float:
    """Return how far weights are moved toward their 4-bit form: 0 before `start`, then 1."""
    return 1.0 if progress >= start else 0.0
