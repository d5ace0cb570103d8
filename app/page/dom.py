"""The page's elements: shows a `Screen`, reads the form, forwards clicks and keys.

Only the modules `dom` and `elements` touch the DOM. Text from the model or the visitor goes in as
text nodes, never as markup.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, Protocol

import js
from pyodide.ffi import create_proxy

from .elements import find_element, set_text
from .view import Screen

__all__ = ["Actions", "Page", "wanted_engine"]

# Text that begins below this fraction of the window's height is scrolled into view.
_VISIBLE_PART = 0.6


class Actions(Protocol):
    """The visitor's actions."""

    def generate(self) -> None:
        """Handle the Generate button, and Enter in the form."""
        ...

    def stop(self) -> None:
        """Handle the Stop button, and Escape."""
        ...

    def retry(self) -> None:
        """Handle the Try again button."""
        ...


class Page:
    """The elements of index.html, found once by their ids."""

    def __init__(self) -> None:
        self._body = js.document.body
        self._status = find_element("status")
        self._percent = find_element("percent")
        self._bar = find_element("bar")
        self._fill = find_element("fill")
        self._gpu = find_element("gpu")
        self._problem = find_element("problem")
        self._problem_what = find_element("problem-what")
        self._problem_advice = find_element("problem-advice")
        self._again = find_element("again")
        self._form = find_element("form")
        self._form_problem = find_element("form-problem")
        self._buttons = find_element("buttons")
        self._generate = find_element("generate")
        self._stop = find_element("stop")
        self._output = find_element("output")
        self._speed = find_element("speed")
        # Kept for the life of the page: a listener needs its proxy while it is registered.
        self._proxies: list[Any] = []

    def connect(self, actions: Actions) -> None:
        """Call `actions` for each action of the visitor from now on."""

        def submit(event: Any) -> None:
            event.preventDefault()
            actions.generate()

        def key(event: Any) -> None:
            if event.key == "Escape":
                actions.stop()
            elif event.key == "Enter" and (event.ctrlKey or event.metaKey):
                # In the notes Enter is a line break; with Ctrl or Cmd it submits from any field.
                actions.generate()

        self._listen(self._form, "submit", submit)
        self._listen(self._stop, "click", lambda _event: actions.stop())
        self._listen(self._again, "click", lambda _event: actions.retry())
        self._listen(js.document, "keydown", key)

    def show(self, screen: Screen) -> None:
        """Replace what is shown by `screen`."""
        self._body.dataset.state = screen.state
        set_text(self._status, screen.status)
        self._show_ratio(screen)
        self._problem_what.textContent = screen.problem
        self._problem_advice.textContent = screen.advice
        self._again.hidden = not screen.can_retry
        _show_problem(self._problem, is_shown=bool(screen.problem))
        self._form_problem.textContent = screen.form_problem
        _show_problem(self._form_problem, is_shown=bool(screen.form_problem))
        self._speed.textContent = screen.speed
        self._speed.hidden = not screen.speed
        # A screen reader should read the persona once, whole, instead of word by word.
        self._output.ariaBusy = "true" if screen.can_stop else "false"
        self._enable_buttons(screen)

    def show_gpu(self, text: str) -> None:
        """Show the line about the GPU; an empty string hides it."""
        self._gpu.textContent = text
        self._gpu.hidden = not text

    def fields(self) -> dict[str, str]:
        """Return the values of the form by field name."""
        entries = js.Object.fromEntries(js.FormData.new(self._form))
        fields: dict[str, str] = entries.to_py()
        return fields

    def clear_text(self) -> None:
        """Remove the written text, and scroll its place into view."""
        self._output.replaceChildren()
        if self._output.getBoundingClientRect().top > js.innerHeight * _VISIBLE_PART:
            # On a phone the text is below the form: scroll Stop to the top, the text follows it.
            self._buttons.scrollIntoView()

    def write(self, piece: str) -> None:
        """Append to the written text."""
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
        # A disabled button loses the focus: move it to the other one for keyboard users.
        focused = js.document.activeElement.id if js.document.activeElement else ""
        self._generate.disabled = not screen.can_generate
        self._stop.disabled = not screen.can_stop
        if focused == "generate" and screen.can_stop:
            self._stop.focus()
        elif focused == "stop" and screen.can_generate:
            self._generate.focus()


def wanted_engine() -> Literal["auto", "webllm", "wllama"]:
    """Return the engine in the page's address, `?engine=wllama`; `auto` if it names none."""
    wanted = js.URLSearchParams.new(js.location.search).get("engine")
    if wanted == "webllm":
        return "webllm"
    return "wllama" if wanted == "wllama" else "auto"


def _show_problem(element: Any, *, is_shown: bool) -> None:
    is_new = is_shown and element.hidden
    element.hidden = not is_shown
    if is_new:
        # On a phone it may be outside the visible part of the page.
        element.scrollIntoView(js.Object.fromEntries([["block", "nearest"]]))
