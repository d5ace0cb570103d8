"""The elements of `index.html`, for all views."""

from __future__ import annotations

from typing import Any

import js

__all__ = ["find_element", "set_text"]


def find_element(name: str) -> Any:
    """Return the element with this ID.

    Raises:
        LookupError: There is none.
    """
    found = js.document.getElementById(name)
    if found is None:
        raise LookupError(f"index.html has no element {name!r}")
    return found


def set_text(element: Any, text: str) -> None:
    """Change the text of an element."""
    # Unchanged text is not set again, so that a screen reader does not repeat it.
    if element.textContent != text:
        element.textContent = text
