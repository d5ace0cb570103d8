"""The elements of the Python view: the editor, the menu, the output.

Text goes in as text nodes, pictures as images of their own: nothing that a program shows is markup.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import js
from pyodide.ffi import to_js

from page.elements import Listeners, find_element, on_visit, set_text
from page.exporting import save_file
from page.libraries import import_library
from page.texts import text, text_of_count

from .kept import Entry
from .view import EXAMPLES, Screen

__all__ = ["Actions", "PythonElements"]


# Characters of a block of printed text.
_BLOCK = 10_000


class Actions(Protocol):
    """The visitor's actions."""

    def visit(self, address: str) -> None:
        """Handle a visit of the view; `address` is the page's, from its `#` on."""
        ...

    def press(self, button: str) -> None:
        """Handle a button, by the last part of its ID."""
        ...

    def choose(self, program: str) -> None:
        """Handle the menu."""
        ...

    def edit(self) -> None:
        """Handle a change of the program."""
        ...

    def rename(self, name: str) -> None:
        """Handle a change of the program's name."""
        ...

    def leave(self) -> None:
        """Handle that the page is hidden, or closed."""
        ...

    def refresh(self) -> None:
        """Handle that the visitor comes back to the page."""
        ...


class PythonElements:
    """The elements of the view in index.html, found once by their ids."""

    def __init__(self) -> None:
        self._main = find_element("python")
        self._host = find_element("editor")
        self._menu = find_element("program")
        self._own = find_element("program-own")
        self._name_field = find_element("program-name-field")
        self._name = find_element("program-name")
        self._notice = find_element("program-notice")
        self._delete = find_element("program-delete")
        self._buttons = {
            name: find_element(f"program-{name}")
            for name in ("new", "delete", "run", "stop", "share", "save", "yes", "no")
        }
        self._status = find_element("program-status")
        self._question = find_element("program-question")
        self._question_text = find_element("program-question-text")
        self._output = find_element("program-output")
        self._editor: Any = None
        self._pictures: list[str] = []
        self._block_size = 0
        self._ends_line = False
        self._listeners = Listeners()
        examples = [_option(name, text(f"python.example.{name}")) for name in EXAMPLES]
        find_element("program-examples").replaceChildren(*examples)

    def connect(self, actions: Actions) -> None:
        """Call `actions` for each action of the visitor from now on."""
        add = self._listeners.add
        for name, button in self._buttons.items():
            add(button, "click", _pressing(actions, name))
        add(self._menu, "change", lambda _event: actions.choose(self._menu.value))
        add(self._name, "change", lambda _event: actions.rename(self._name.value))
        add(self._host, "change", lambda _event: actions.edit())
        add(self._host, "run", lambda _event: actions.press("run"))
        add(js.document, "visibilitychange", lambda _event: _leave(actions))
        add(js.window, "focus", lambda _event: actions.refresh())
        on_visit(self._listeners, self._main, lambda: actions.visit(js.location.hash))

    async def open_editor(self) -> None:
        """Create the editor, at the first visit.

        Cancelled, it can be called again.
        """
        if self._editor is None:
            library = await import_library("editor")
            # Another call may have been faster.
            if self._editor is None:
                self._editor = library.createEditor(self._host, text("python.program"))
        for name in ("share", "save"):
            self._buttons[name].disabled = False

    def code(self) -> str:
        """Return the program in the editor."""
        return str(self._editor.text())

    def show_code(self, code: str) -> None:
        """Show another program in the editor."""
        self._editor.show(code)

    def show_menu(self, entries: list[Entry], chosen: str) -> None:
        """Show the menu: the visitor's programs and the examples."""
        self._own.replaceChildren(*[_option(entry.id, entry.name) for entry in entries])
        self._own.hidden = not entries
        # Nothing is chosen while a shared program is shown.
        self._menu.value = chosen

    def show_name(self, name: str | None) -> None:
        """Show the name of a program of the visitor; None: an example, which has no such field."""
        self._name_field.hidden = self._delete.hidden = name is None
        self._name.value = name or ""

    def show_notice(self, words: str) -> None:
        """Show a line above the editor; an empty string hides it."""
        set_text(self._notice, words)
        self._notice.hidden = not words

    def show(self, screen: Screen) -> None:
        """Show the state of the run."""
        set_text(self._status, screen.status)
        if screen.state != "idle" and self._is_idle():
            # On a phone the output is below the editor.
            self._status.scrollIntoView(_options(block="nearest"))
        self._main.dataset.run = screen.state
        self._buttons["run"].disabled = not screen.can_run or self._editor is None
        self._buttons["stop"].disabled = not screen.can_stop
        set_text(self._question_text, screen.question)
        # A new question takes no focus: what is typed at that moment must not answer it.
        was_answered = self._question.contains(js.document.activeElement) and not screen.question
        self._question.hidden = not screen.question
        if was_answered:
            self._editor.focus()

    def clear(self) -> None:
        """Remove the output and the mark of an error."""
        self._output.replaceChildren()
        self._editor.mark(0, "")
        for address in self._pictures:
            js.URL.revokeObjectURL(address)
        self._pictures = []

    def append_text(self, words: str, *, is_error: bool) -> None:
        """Append what the program wrote."""
        kind = "error" if is_error else "printed"
        last = self._output.lastElementChild
        with _Scrolled(self._output):
            if self._needs_block(last, kind):
                last = _new("pre")
                last.className = kind
                self._output.append(last)
                self._block_size = 0
            last.append(words)
            self._block_size += len(words)
            self._ends_line = words.endswith("\n")

    def append_part(self, part: Mapping[str, Any]) -> None:
        """Append a value, see `program.display.Part`."""
        if "text" in part:
            self.append_text(part["text"] + "\n", is_error=False)
            return
        with _Scrolled(self._output):
            self._output.append(self._picture(part) if "image" in part else _table(part))

    def append_note(self, words: str) -> None:
        """Append a line of the page's own."""
        note = _new("p", words)
        note.className = "note"
        self._output.append(note)

    def mark(self, line: int, message: str) -> None:
        """Mark a line of the program, counted from 1."""
        self._editor.mark(line, message)

    def share(self, address: str) -> None:
        """Put a link into the address bar, and on the clipboard where the browser allows it."""
        js.history.replaceState(None, "", address)
        clipboard = getattr(js.navigator, "clipboard", None)
        if clipboard is not None:
            # It may refuse; the address bar has it in any case.
            clipboard.writeText(js.location.href).catch(_nothing())

    def download(self, name: str, content: str) -> None:
        """Give the visitor a file."""
        save_file(name, "text/html", content)

    def _needs_block(self, last: Any, kind: str) -> bool:
        if not last or last.tagName != "PRE" or last.className != kind:
            return True
        # Long output is many blocks, so that the browser lays out only the last one again.
        return self._ends_line and self._block_size > _BLOCK

    def _is_idle(self) -> bool:
        return bool(self._main.dataset.run == "idle")

    def _picture(self, part: Mapping[str, Any]) -> Any:
        data = to_js([to_js(base64.b64decode(part["image"]))])
        picture = _new("img")
        picture.src = js.URL.createObjectURL(js.Blob.new(data, _options(type=part["type"])))
        self._pictures.append(picture.src)
        picture.alt = text("python.picture", number=len(self._pictures))
        return picture


class _Scrolled:
    """Keeps the end of the output in view while it grows, unless the visitor has scrolled up."""

    def __init__(self, element: Any) -> None:
        self._element = element
        self._is_at_end = True

    def __enter__(self) -> None:
        element = self._element
        below = element.scrollHeight - element.scrollTop - element.clientHeight
        self._is_at_end = below < 32  # noqa: PLR2004 - pixels, about a line

    def __exit__(self, *_error: object) -> None:
        if self._is_at_end:
            self._element.scrollTop = self._element.scrollHeight


def _pressing(actions: Actions, name: str) -> Callable[[Any], None]:
    return lambda _event: actions.press(name)


def _table(part: Mapping[str, Any]) -> Any:
    head = _new("tr")
    head.append(*[_new("th", column) for column in part["columns"]])
    table = _new("table")
    table.createTHead().append(head)
    body = table.createTBody()
    for cells in part["rows"]:
        row = _new("tr")
        row.append(*[_new("td", cell) for cell in cells])
        body.append(row)
    frame = _new("div")
    frame.className = "table"
    # A wide table is scrolled by keyboard too.
    frame.tabIndex = 0
    frame.append(table)
    if part["more"]:
        frame.append(_new("p", text_of_count("python.more", part["more"])))
    return frame


def _new(tag: str, words: str = "") -> Any:
    element = js.document.createElement(tag)
    element.textContent = words
    return element


def _option(value: str, words: str) -> Any:
    option = _new("option", words)
    option.value = value
    return option


def _options(**values: str) -> Any:
    return js.Object.fromEntries(to_js(list(values.items())))


def _nothing() -> Any:
    return js.Function.prototype


def _leave(actions: Actions) -> None:
    if js.document.hidden:
        actions.leave()
