"""Durations as Ollama writes them: `"5m"`, `"1h30m"`, seconds, or a negative number for no end."""

from __future__ import annotations

import math
import re

from pywebllm.echo import shown
from pywebllm.errors import InvalidRequestError

__all__ = ["read_keep_alive"]

# In seconds; the units of Go's `time.ParseDuration`, which Ollama uses.
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"(\d+(?:\.\d+)?|\.\d+)(ms|s|m|h)")
_WHOLE = re.compile(rf"[+-]?(?:{_PART.pattern})+")


def read_keep_alive(value: object) -> float:
    """Return the seconds that a model is kept without requests; negative: indefinitely.

        >>> read_keep_alive("1h30m"), read_keep_alive(0), read_keep_alive("-1m")
        (5400.0, 0.0, -1.0)

    Raises:
        InvalidRequestError: `value` is neither a number nor a duration.
    """
    seconds = _seconds(value)
    if seconds is None or math.isnan(seconds):
        raise InvalidRequestError(
            f"`keep_alive` must be a number of seconds or a duration, got {shown(value)}",
            advice='Pass for example "5m", "1h30m", 0, or -1 to keep the model indefinitely.',
            param="keep_alive",
        )
    return -1.0 if seconds < 0 or math.isinf(seconds) else seconds


def _seconds(value: object) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        return value
    if isinstance(value, int):
        return float(value) if abs(value) < 2**53 else math.copysign(math.inf, value > 0 or -1)
    if not isinstance(value, str) or _WHOLE.fullmatch(value.strip()) is None:
        return None
    parts = _PART.findall(value)
    seconds = sum(float(number) * _UNITS[unit] for number, unit in parts)
    return -seconds if value.strip().startswith("-") else seconds
