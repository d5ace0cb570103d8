"""Tags such as `<think>` in text that arrives in pieces, which may split a tag."""

from __future__ import annotations

__all__ = ["WHITESPACE", "without_partial_tag"]

WHITESPACE = " \t\r\n"


def without_partial_tag(text: str, tag: str) -> str:
    """Return the text without its end, if that may be the beginning of `tag`."""
    for length in range(min(len(tag) - 1, len(text)), 0, -1):
        if text.endswith(tag[:length]):
            return text[:-length]
    return text
