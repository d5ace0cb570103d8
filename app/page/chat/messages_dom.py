"""The elements of messages: built from templates, changed only where they differ.

Text from the model or the visitor goes in as text nodes, or through `static/libraries/markdown.js`,
which lets no markup of theirs through.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import js

from page.elements import find_element, show_detail
from page.texts import text

from .answering import Kind
from .parts_dom import action_elements, call_element, copy_template, table_element
from .tables import Table
from .view import Action, MessageView

__all__ = ["MessageList"]

# Messages that are built before the browser may do something else.
_SLICE = 6
# Messages that are removed before that: they cost far less.
_CUT = 100


class MessageList:
    """The messages that are shown, first to last.

    Args:
        markdown: `static/libraries/markdown.js`.
        images: `static/libraries/images.js`.
    """

    def __init__(self, markdown: Any, images: Any) -> None:
        self.element = find_element("chat-thread")
        self._markdown = markdown
        self._images = images
        self._shown: list[_MessageElement] = []
        self._wanted: Sequence[MessageView] = ()
        self._work: asyncio.Task[None] | None = None
        # What the visitor has made of messages and not saved, by ID: it outlasts other branches and
        # conversations.
        self._edits: dict[str, str] = {}
        labels = {name: text(f"chat.{key}") for name, key in _LABELS.items()}
        markdown.configure(json.dumps(labels))

    def show(self, messages: Sequence[MessageView]) -> None:
        """Show these messages; those that are as before stay untouched."""
        self._wanted = messages
        if (self._work is None or self._work.done()) and not self._step():
            self._work = asyncio.ensure_future(self._go_on())

    def find(self, message_id: str) -> _MessageElement | None:
        """Return a message that is shown."""
        # Most likely the last one.
        return next((shown for shown in reversed(self._shown) if shown.id == message_id), None)

    def edit(self, message_id: str, words: str) -> None:
        """Let the visitor edit a message that is shown."""
        shown = self.find(message_id)
        if shown is not None:
            self._edits[message_id] = words
            shown.edit(words)
            shown.element.querySelector("textarea").focus()

    def keep_edit(self, message_id: str, words: str) -> None:
        """Take note of what the visitor has typed into the field of a message."""
        self._edits[message_id] = words

    def end_edit(self, message_id: str) -> None:
        """Show the text of a message again, if the message is shown."""
        self._edits.pop(message_id, None)
        shown = self.find(message_id)
        if shown is not None:
            shown.end_edit()
            button = shown.element.querySelector('[data-action="edit"]')
            if button:
                button.focus()

    async def _go_on(self) -> None:
        while True:
            await asyncio.sleep(0)
            if self._step():
                return

    def _step(self) -> bool:
        """Change a few messages; return whether all are as wanted."""
        left = _SLICE
        for place, view in enumerate(self._wanted):
            # Of hundreds of messages nearly all are the very same as before.
            if place < len(self._shown) and self._shown[place].view is view:
                continue
            is_other = place < len(self._shown) and self._shown[place].id != view.id
            # Another branch begins here.
            if is_other and not self._cut(place):
                return False
            if place < len(self._shown) and self._shown[place].view == view:
                continue
            if left == 0:
                return False
            left -= 1
            if place < len(self._shown):
                self._shown[place].show(view)
            else:
                self._shown.append(_MessageElement(view, self._markdown, self._images))
                self.element.append(self._shown[-1].element)
                if view.id in self._edits:
                    self._shown[-1].edit(self._edits[view.id])
        return self._cut(len(self._wanted))

    def _cut(self, place: int) -> bool:
        """Remove messages from this place on, not all of hundreds at once; return if all are."""
        if place >= len(self._shown):
            return True
        first = max(place, len(self._shown) - _CUT)
        rest = js.document.createRange()
        rest.setStartBefore(self._shown[first].element)
        rest.setEndAfter(self._shown[-1].element)
        rest.deleteContents()
        del self._shown[first:]
        return first == place


class _MessageElement:
    """One message."""

    def __init__(self, view: MessageView, markdown: Any, images: Any) -> None:
        self.element = copy_template("chat-message-template")
        self.id = view.id
        self.view: MessageView | None = None
        self._markdown = markdown
        self._images = images
        self._writer: Any = None
        self._written: list[str] = []
        self._reasoned: list[str] = []
        self._body = self.element.querySelector(".text")
        self.element.dataset.id = view.id
        self.element.dataset.role = view.role
        self.element.querySelector("h3").textContent = view.author
        self.show(view)

    def show(self, view: MessageView) -> None:
        """Show another state of the message."""
        before, self.view = self.view, view
        self.element.dataset.writing = str(view.is_writing).lower()
        self._show_reasoning(view.reasoning)
        if before is None or (before.text, before.is_writing) != (view.text, view.is_writing):
            self._show_text(view)
        if view.images and (before is None or before.images != view.images):
            self._show_images(view.images)
        if view.calls != (before.calls if before else ()):
            self._show_calls(view)
        self._show_line(".ending", view.note)
        show_detail(self.element.querySelector(".detail"), view.detail)
        self._show_line(".facts", view.facts)
        if before is None or _buttons_of(before) != _buttons_of(view):
            self._show_actions(view)

    def append(self, kind: Kind, piece: str) -> None:
        """Append to the message while it is written."""
        if kind == "text":
            self._written.append(piece)
            self._writer.append(piece)
            return
        self._reasoned.append(piece)
        fold = self.element.querySelector(".reasoning")
        fold.hidden = False
        fold.lastElementChild.append(piece)

    def edit(self, words: str) -> None:
        """Show a field with the words in place of the text."""
        self.end_edit()
        form = copy_template("chat-edit-template")
        form.querySelector("textarea").value = words
        self._body.hidden = True
        self._body.after(form)

    def end_edit(self) -> None:
        """Show the text again."""
        form = self.element.querySelector("form.edit")
        if form:
            form.remove()
        self._body.hidden = False

    def toggle_json(self, button: Any) -> None:
        """Show the table or the JSON of a typed answer."""
        table = self._body.querySelector(".table")
        source = self._body.querySelector(".source")
        table.hidden, source.hidden = not table.hidden, not source.hidden
        button.textContent = text("chat.show.json" if source.hidden else "chat.show.table")

    def _show_text(self, view: MessageView) -> None:
        wanted = _source_of(view)
        written = "".join(self._written)
        if view.table is not None:
            self._show_typed(view.table, wanted)
            return
        if self._writer is None or not wanted.startswith(written):
            self._writer = self._markdown.writer(self._body)
            self._written, written = [], ""
        if len(wanted) > len(written):
            self._written.append(wanted[len(written) :])
            self._writer.append(wanted[len(written) :])
        if not view.is_writing:
            self._writer.finish()

    def _show_typed(self, table: Table, source: str) -> None:
        body = js.document.createElement("div")
        body.className = "source"
        body.hidden = True
        self._body.replaceChildren(table_element(table), body)
        self._writer = self._markdown.writer(body)
        self._written = [source]
        self._writer.append(source)
        self._writer.finish()

    def _show_reasoning(self, words: str) -> None:
        shown = "".join(self._reasoned)
        if words == shown:
            return
        self._reasoned = [words]
        fold = self.element.querySelector(".reasoning")
        fold.hidden = not words
        fold.lastElementChild.textContent = words

    def _show_images(self, images: Sequence[str]) -> None:
        place = self.element.querySelector(".pictures")
        place.hidden = False
        for number, url in enumerate(images, 1):
            canvas = js.document.createElement("canvas")
            canvas.setAttribute("role", "img")
            canvas.ariaLabel = text("chat.image", number=number)
            place.append(canvas)
            self._images.drawImage(canvas, url)

    def _show_calls(self, view: MessageView) -> None:
        place = self.element.querySelector(".calls")
        had_focus = place.contains(js.document.activeElement)
        place.replaceChildren(*(call_element(call) for call in view.calls))
        if had_focus:
            # The button that decided is gone: to the next call, or to where the visitor writes.
            asked = place.querySelector(".buttons:not([hidden]) button")
            (asked or find_element("chat-message")).focus()

    def _show_line(self, selector: str, words: str) -> None:
        line = self.element.querySelector(selector)
        if line.textContent != words:
            line.textContent = words
        line.hidden = not words

    def _show_actions(self, view: MessageView) -> None:
        place = self.element.querySelector(".actions")
        focused = js.document.activeElement
        action = focused.dataset.action if focused and place.contains(focused) else ""
        place.replaceChildren(*action_elements(view))
        again = place.querySelector(f'[data-action="{action}"]') if action else None
        if again and not again.disabled:
            again.focus()


_LABELS = {
    "copy": "code.copy",
    "copied": "code.copied",
    "code": "code",
    "table": "table",
}


def _source_of(view: MessageView) -> str:
    # A typed answer is JSON, which Markdown shows as code.
    if not view.is_typed:
        return view.text
    return f"```json\n{view.text}" if view.is_writing else f"```json\n{view.text}\n```"


def _buttons_of(view: MessageView) -> tuple[tuple[Action, ...], int, int, bool]:
    return view.actions, view.version, view.versions, view.table is not None
