"""What the modules that touch the DOM share: finding elements, setting text, listening."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import js
from pyodide.ffi import create_proxy

__all__ = ["Listeners", "find_element", "on_visit", "set_text", "show_detail", "show_problem"]


class Listeners:
    """Event listeners of a view, for the life of the page: a listener needs its proxy."""

    def __init__(self) -> None:
        self._proxies: list[Any] = []

    def add(self, target: Any, event: str, handler: Callable[[Any], None]) -> None:
        """Call `handler` with each event of this name at `target`."""
        proxy = create_proxy(handler)
        self._proxies.append(proxy)
        target.addEventListener(event, proxy)


def find_element(name: str) -> Any:
    """Return the element with this ID.

    Raises:
        LookupError: There is none.
    """
    found = js.document.getElementById(name)
    if not found:
        raise LookupError(f"index.html has no element {name!r}")
    return found


def set_text(element: Any, text: str) -> None:
    """Change the text of an element."""
    # Unchanged text is not set again, so that a screen reader does not repeat it.
    if element.textContent != text:
        element.textContent = text


def show_problem(element: Any, *, is_shown: bool) -> None:
    """Show or hide what went wrong; what is new is scrolled into view."""
    is_new = is_shown and element.hidden
    element.hidden = not is_shown
    if is_new:
        # On a phone it may be outside the visible part of the page.
        element.scrollIntoView(js.Object.fromEntries([["block", "nearest"]]))


def show_detail(fold: Any, words: str) -> None:
    """Show a `details` element whose last child has these words; an empty string hides it."""
    set_text(fold.lastElementChild, words)
    fold.hidden = not words


def on_visit(listeners: Listeners, main: Any, handler: Callable[[], None]) -> None:
    """Call `handler` now if the view with this main element is shown, and at each later visit."""

    def visit(_event: Any) -> None:
        if not main.hidden:
            handler()

    # start.js shows the view before this event reaches its later listeners.
    listeners.add(js.window, "hashchange", visit)
    visit(None)
