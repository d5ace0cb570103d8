"""Marks in a text that arrives in pieces: a mark may be cut in two by the end of a piece."""

from __future__ import annotations

__all__ = ["SPACE", "without_begun"]

SPACE = " \t\r\n"


def without_begun(text: str, mark: str) -> str:
    """Return the text without its end, where that may be the beginning of `mark`."""
    for length in range(min(len(mark) - 1, len(text)), 0, -1):
        if text.endswith(mark[:length]):
            return text[:-length]
    return text
