"""What a message repeats of a value that a caller gave: as much as helps, whatever its size."""

from __future__ import annotations

from collections.abc import Collection
from reprlib import Repr

__all__ = ["shortened", "shown", "shown_names"]

# Characters of a value, and of a path, that a message repeats at most.
_MOST_SHOWN = 200
_MOST_NAMES = 5

_REPR = Repr()
_REPR.maxlevel = 4
_REPR.maxstring = 100
_REPR.maxother = 100


def shown(value: object) -> str:
    """Return the `repr` of a value, shortened to 200 characters, for a message."""
    try:
        return shortened(_REPR.repr(value))
    except (ValueError, RecursionError):
        # Python does not print an integer of more than 4,300 digits.
        return f"<{type(value).__name__[:_MOST_SHOWN]}>"


def shown_names(names: Collection[object]) -> str:
    """Return the `repr` of the first few names, and how many more there are."""
    listed = ", ".join(shown(name) for name, _ in zip(names, range(_MOST_NAMES), strict=False))
    more = len(names) - _MOST_NAMES
    return f"{listed} and {more} more" if more > 0 else listed


def shortened(text: str) -> str:
    """Return a string, shortened to 200 characters."""
    return text if len(text) <= _MOST_SHOWN else f"{text[: _MOST_SHOWN - 1]}…"
