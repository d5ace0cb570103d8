"""The elements of the persona view: shows a `Screen`, reads the form, forwards clicks and keys.

Text from the model or the visitor goes in as text nodes, never as markup.
"""

from __future__ import annotations

from typing import Any, Protocol

import js

from page.elements import Listeners, find_element, set_text, show_problem

from .view import Screen

__all__ = ["Actions", "PersonaElements"]

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


class PersonaElements:
    """The elements of the view in index.html, found once by their ids."""

    def __init__(self) -> None:
        self._main = find_element("persona")
        self._status = find_element("persona-status")
        self._problem = find_element("persona-problem")
        self._problem_what = find_element("persona-problem-what")
        self._problem_advice = find_element("persona-problem-advice")
        self._form = find_element("form")
        self._buttons = find_element("buttons")
        self._generate = find_element("generate")
        self._stop = find_element("stop")
        self._output = find_element("output")
        self._speed = find_element("speed")
        self._listeners = Listeners()

    def connect(self, actions: Actions) -> None:
        """Call `actions` for each action of the visitor from now on."""

        def submit(event: Any) -> None:
            event.preventDefault()
            actions.generate()

        def key(event: Any) -> None:
            if self._main.hidden:
                return
            if event.key == "Escape":
                actions.stop()
            elif event.key == "Enter" and (event.ctrlKey or event.metaKey):
                # In the notes Enter is a line break; with Ctrl or Cmd it submits from any field.
                actions.generate()

        self._listeners.add(self._form, "submit", submit)
        self._listeners.add(self._stop, "click", lambda _event: actions.stop())
        self._listeners.add(js.document, "keydown", key)

    def show(self, screen: Screen) -> None:
        """Replace what is shown by `screen`."""
        self._main.dataset.writing = str(screen.is_writing).lower()
        set_text(self._status, screen.status)
        set_text(self._problem_what, screen.problem)
        set_text(self._problem_advice, screen.advice)
        show_problem(self._problem, is_shown=bool(screen.problem))
        self._speed.textContent = screen.speed
        self._speed.hidden = not screen.speed
        # A screen reader should read the persona once, whole, instead of word by word.
        self._output.ariaBusy = "true" if screen.is_writing else "false"
        self._enable_buttons(screen)

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

    def _enable_buttons(self, screen: Screen) -> None:
        # A disabled button loses the focus: move it to the other one for keyboard users.
        focused = js.document.activeElement.id if js.document.activeElement else ""
        self._generate.disabled = not screen.can_generate
        self._stop.disabled = not screen.is_writing
        if focused == "generate" and screen.is_writing:
            self._stop.focus()
        elif focused == "stop" and screen.can_generate:
            self._generate.focus()
