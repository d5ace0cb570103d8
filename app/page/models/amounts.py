"""Bytes, time and numbers in words."""

from __future__ import annotations

from page.texts import number, text

__all__ = ["context", "duration", "size"]

_UNITS = ((10**9, "gb"), (10**6, "mb"), (10**3, "kb"))
_MINUTE = 60
_HOUR = 3600
_KIBI = 1024


def size(count: float) -> str:
    """Return a number of bytes in words."""
    for unit, name in _UNITS:
        if count >= unit:
            digits = 0 if name == "kb" or count >= 100 * unit else 1
            return text(f"size.{name}", count=number(count / unit, f".{digits}f"))
    return text("size.bytes", count=f"{count:.0f}")


def duration(seconds: float) -> str:
    """Return a time that is left in words."""
    if seconds < _MINUTE:
        return text("models.left.seconds", count=max(round(seconds), 1))
    if seconds < _HOUR:
        return text("models.left.minutes", count=round(seconds / _MINUTE))
    return text("models.left.hours", count=number(seconds / _HOUR, ".1f"))


def context(tokens: int) -> str:
    """Return the length of a context window, short: 4k for 4,096."""
    is_whole = tokens >= _KIBI and tokens % _KIBI == 0
    count = f"{tokens // _KIBI}k" if is_whole else number(tokens, ",")
    return text("models.context", count=count)
