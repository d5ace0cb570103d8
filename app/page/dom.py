"""The page's elements: shows a `Screen`, reads the form, passes clicks and keys on.

The only module that touches the DOM. Text from the model or the visitor goes in as text nodes,
never as markup.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import js
from pyodide.ffi import create_proxy

from .view import Screen

__all__ = ["Actions", "Page"]

# Text that begins further down than this part of the window is scrolled into view.
_VISIBLE_PART = 0.6


class Actions(Protocol):
    """What the visitor can do."""

    def generate(self) -> None:
        """Generate, or Enter in the form."""
        ...

    def stop(self) -> None:
        """Stop, or Escape."""
        ...

    def retry(self) -> None:
        """Try again."""
        ...


class Page:
    """The elements of index.html, found once by their ids."""

    def __init__(self) -> None:
        self._body = js.document.body
        self._status = _element("status")
        self._percent = _element("percent")
        self._bar = _element("bar")
        self._fill = _element("fill")
        self._gpu = _element("gpu")
        self._problem = _element("problem")
        self._problem_what = _element("problem-what")
        self._problem_advice = _element("problem-advice")
        self._again = _element("again")
        self._form = _element("form")
        self._form_problem = _element("form-problem")
        self._buttons = _element("buttons")
        self._generate = _element("generate")
        self._stop = _element("stop")
        self._output = _element("output")
        self._speed = _element("speed")
        # Kept for the life of the page: a listener needs its proxy as long as it listens.
        self._proxies: list[Any] = []

    def connect(self, actions: Actions) -> None:
        """Call `actions` from now on when the visitor does something."""

        def submit(event: Any) -> None:
            event.preventDefault()
            actions.generate()

        def key(event: Any) -> None:
            if event.key == "Escape":
                actions.stop()
            elif event.key == "Enter" and (event.ctrlKey or event.metaKey):
                # In the notes Enter begins a new line; with Ctrl or Cmd it submits from anywhere.
                actions.generate()

        self._listen(self._form, "submit", submit)
        self._listen(self._stop, "click", lambda _event: actions.stop())
        self._listen(self._again, "click", lambda _event: actions.retry())
        self._listen(js.document, "keydown", key)

    def show(self, screen: Screen) -> None:
        """Show this and nothing older."""
        self._body.dataset.state = screen.state
        _set_text(self._status, screen.status)
        self._show_ratio(screen)
        self._problem_what.textContent = screen.problem
        self._problem_advice.textContent = screen.advice
        self._again.hidden = not screen.can_retry
        _show_problem(self._problem, is_there=bool(screen.problem))
        self._form_problem.textContent = screen.form_problem
        _show_problem(self._form_problem, is_there=bool(screen.form_problem))
        self._speed.textContent = screen.speed
        self._speed.hidden = not screen.speed
        # A screen reader is to hear the persona once, whole, instead of word by word.
        self._output.ariaBusy = "true" if screen.can_stop else "false"
        self._enable_buttons(screen)

    def show_gpu(self, text: str) -> None:
        """Show the line about the GPU; empty takes it away."""
        self._gpu.textContent = text
        self._gpu.hidden = not text

    def fields(self) -> dict[str, str]:
        """Return what the form holds, field by field."""
        entries = js.Object.fromEntries(js.FormData.new(self._form))
        fields: dict[str, str] = entries.to_py()
        return fields

    def clear_text(self) -> None:
        """Take the written text away, and bring its place into view."""
        self._output.replaceChildren()
        if self._output.getBoundingClientRect().top > js.innerHeight * _VISIBLE_PART:
            # On a phone the text is below the form: Stop goes to the top, the text follows.
            self._buttons.scrollIntoView()

    def write(self, piece: str) -> None:
        """Add to the written text."""
        self._output.append(piece)

    def _listen(self, target: Any, event: str, handler: Callable[[Any], None]) -> None:
        proxy = create_proxy(handler)
        self._proxies.append(proxy)
        target.addEventListener(event, proxy)

    def _show_ratio(self, screen: Screen) -> None:
        percent = int(screen.ratio * 100)
        self._bar.ariaValueNow = str(percent)
        self._fill.style.setProperty("--ratio", str(screen.ratio))
        self._percent.textContent = f"{percent} %" if screen.state == "loading" else ""

    def _enable_buttons(self, screen: Screen) -> None:
        # A button that is disabled loses the focus; whoever works by keyboard finds it next door.
        focused = js.document.activeElement.id if js.document.activeElement else ""
        self._generate.disabled = not screen.can_generate
        self._stop.disabled = not screen.can_stop
        if focused == "generate" and screen.can_stop:
            self._stop.focus()
        elif focused == "stop" and screen.can_generate:
            self._generate.focus()


def _element(name: str) -> Any:
    element = js.document.getElementById(name)
    if element is None:
        raise LookupError(f"index.html has no element {name!r}")
    return element


def _set_text(element: Any, text: str) -> None:
    # Unchanged text is left alone, so that a screen reader does not say it again.
    if element.textContent != text:
        element.textContent = text


def _show_problem(element: Any, *, is_there: bool) -> None:
    is_new = is_there and element.hidden
    element.hidden = not is_there
    if is_new:
        # On a phone it may be above or below what the visitor sees.
        element.scrollIntoView(js.Object.fromEntries([["block", "nearest"]]))
