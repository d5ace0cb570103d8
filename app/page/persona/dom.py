"""The elements of the persona view: shows a `Screen`, reads the form, forwards clicks and keys.

Text from the model or the visitor goes in as text nodes, never as markup.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import js

from page.elements import Listeners, find_element, set_text, show_detail, show_problem
from page.exporting import copy_text, save_file

from .card_nodes import typed_lists, whole_card
from .cards import Card
from .shelf_dom import ShelfElements
from .view import Screen

__all__ = ["Actions", "PersonaElements"]

# Text that begins below this fraction of the window's height is scrolled into view.
_VISIBLE_PART = 0.6


class Actions(Protocol):
    """The visitor's actions."""

    def generate(self) -> None:
        """Handle the Generate button, and Enter in the form."""
        ...

    def make_card(self) -> None:
        """Handle the button for typed values."""
        ...

    def again(self) -> None:
        """Handle the button for another seed."""
        ...

    def rewrite(self, change: str) -> None:
        """Handle a button for another version, and the visitor's own words for one."""
        ...

    def stop(self) -> None:
        """Handle the Stop button, and Escape."""
        ...

    def edit(self) -> None:
        """Handle the Edit button."""
        ...

    def save_edit(self) -> None:
        """Handle the button that keeps an edited text."""
        ...

    def copy(self) -> None:
        """Handle the Copy button."""
        ...

    def download(self, kind: str) -> None:
        """Handle a button for a file."""
        ...

    def print(self) -> None:
        """Handle the Print button."""
        ...

    def print_kept(self) -> None:
        """Handle the button that prints the kept ones."""
        ...

    def open(self, card_id: str) -> None:
        """Handle the button that opens a kept persona."""
        ...

    def remove(self, card_id: str) -> None:
        """Handle the button that deletes a kept persona."""
        ...

    def remove_all(self) -> None:
        """Handle the button that deletes all."""
        ...


class ShelfActions(Protocol):
    """The visitor's actions that concern the kept personas alone."""

    def compare(self, card_id: str, *, is_compared: bool) -> None:
        """Handle a tick."""
        ...

    def undo(self) -> None:
        """Handle the button that brings back what was deleted."""
        ...


class PersonaElements(ShelfElements):
    """The elements of the view in index.html, found once by their ids."""

    def __init__(self) -> None:
        super().__init__()
        self._main = find_element("persona")
        self._status = find_element("persona-status")
        self._alert = find_element("persona-problem")
        self._problem_what = find_element("persona-problem-what")
        self._problem_advice = find_element("persona-problem-advice")
        self._problem_detail = find_element("persona-problem-detail")
        self._form = find_element("form")
        self._buttons = find_element("buttons")
        self._generate = find_element("generate")
        self._stop = find_element("stop")
        self._output = find_element("output")
        self._title = find_element("persona-title")
        self._subtitle = find_element("persona-subtitle")
        self._typed = find_element("persona-typed")
        self._about = find_element("persona-about")
        self._speed = find_element("speed")
        self._use = find_element("persona-use")
        self._editor = find_element("persona-editor")
        self._edited = find_element("persona-edited")
        self._rewrite = find_element("persona-rewrite")
        self._change = find_element("persona-change")
        self._paper = find_element("persona-print")
        self._listeners = Listeners()

    def connect(self, actions: Actions, shelf: ShelfActions) -> None:
        """Call `actions` and `shelf` for each action of the visitor from now on."""
        self._connect_form(actions)
        add = self._listeners.add
        simple = {
            "card": actions.make_card,
            "again": actions.again,
            "edit": actions.edit,
            "save-edit": actions.save_edit,
            "cancel-edit": actions.stop,
            "copy": actions.copy,
            "json": lambda: actions.download("json"),
            "markdown": lambda: actions.download("markdown"),
            "print": actions.print,
            "print-kept": actions.print_kept,
            "delete-kept": actions.remove_all,
            "undo": shelf.undo,
        }

        def click(event: Any) -> None:
            button = event.target.closest("button")
            if not button or button.disabled:
                return
            # An attribute that is not there is null, and a missing property an AttributeError.
            act, wanted, do = (button.getAttribute(f"data-{it}") for it in ("act", "change", "do"))
            if act:
                simple[act]()
            elif wanted:
                actions.rewrite(wanted)
            elif do:
                handle = actions.open if do == "open" else actions.remove
                handle(button.closest("[data-card]").dataset.card)

        def tick(event: Any) -> None:
            card = event.target.closest("[data-card]").dataset.card
            shelf.compare(card, is_compared=event.target.checked)

        def change(event: Any) -> None:
            event.preventDefault()
            actions.rewrite(self._change.value)

        add(self._main, "click", click)
        add(self.list, "change", tick)
        add(self._rewrite, "submit", change)
        add(js.window, "afterprint", lambda _event: self._paper.replaceChildren())

    def show(self, screen: Screen) -> None:
        """Replace what is shown by `screen`."""
        self._main.dataset.writing = str(screen.is_writing).lower()
        set_text(self._status, screen.status)
        set_text(self._problem_what, screen.problem)
        set_text(self._problem_advice, screen.advice)
        show_detail(self._problem_detail, screen.detail)
        show_problem(self._alert, is_shown=bool(screen.problem))
        self._speed.textContent = screen.speed
        self._speed.hidden = not screen.speed
        # A screen reader should read the persona once, whole, instead of word by word.
        self._output.ariaBusy = "true" if screen.is_writing else "false"
        self._use.hidden = self._rewrite.hidden = not screen.has_card
        self._enable_buttons(screen)

    def fields(self) -> dict[str, str]:
        """Return the values of the form by field name."""
        entries = js.Object.fromEntries(js.FormData.new(self._form))
        fields: dict[str, str] = entries.to_py()
        return fields

    def set_fields(self, fields: Mapping[str, str]) -> None:
        """Put values into the form; fields that are not named become empty."""
        for control in self._form.elements:
            if control.name:
                control.value = fields.get(control.name, "")

    def clear_text(self) -> None:
        """Remove the written text, and scroll its place into view."""
        self.end_edit()
        self._show_parts(None, "")
        if self._output.getBoundingClientRect().top > js.innerHeight * _VISIBLE_PART:
            # On a phone the text is below the form: scroll Stop to the top, the text follows it.
            self._buttons.scrollIntoView()

    def write(self, piece: str) -> None:
        """Append to the written text."""
        self._output.append(piece)

    def show_card(self, card: Card | None, about: str) -> None:
        """Show a complete persona in place of the written text; None shows nothing."""
        if card is None or card.values or self._output.textContent.strip() != card.text:
            self._show_parts(card, card.text if card is not None else "")
        set_text(self._about, about)
        self._about.hidden = not about

    def edited_text(self) -> str | None:
        """Return what the visitor wrote by hand; None while no text is being edited."""
        return None if self._editor.hidden else str(self._edited.value)

    def edit(self, text: str) -> None:
        """Let the visitor change this text by hand."""
        self._edited.value = text
        self._editor.hidden, self._output.hidden = False, True
        self._edited.focus()

    def end_edit(self) -> None:
        """Show the text again in place of the field to edit it."""
        had_focus = self._editor.contains(js.document.activeElement)
        self._editor.hidden, self._output.hidden = True, False
        if had_focus:
            self._use.querySelector("[data-act=edit]").focus()

    async def copy(self, text: str) -> bool:
        """Put text on the clipboard; return whether the browser allowed it."""
        return await copy_text(text)

    def save(self, name: str, kind: str, content: str) -> None:
        """Offer a file as a download."""
        save_file(name, kind, content)

    def print(self, cards: list[Card]) -> None:
        """Print these personas, each as a card."""
        self._paper.replaceChildren(*[whole_card(card, level=2) for card in cards])
        js.window.print()

    def _connect_form(self, actions: Actions) -> None:
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
                is_edit = self._editor.contains(event.target)
                (actions.save_edit if is_edit else actions.generate)()

        self._listeners.add(self._form, "submit", submit)
        self._listeners.add(self._stop, "click", lambda _event: actions.stop())
        self._listeners.add(js.document, "keydown", key)

    def _show_parts(self, card: Card | None, words: str) -> None:
        is_typed = card is not None and bool(card.values)
        self._output.replaceChildren(*([words] if words else []))
        self._typed.replaceChildren(*(typed_lists(card) if card is not None else []))
        set_text(self._title, card.title if card is not None and is_typed else "")
        set_text(self._subtitle, card.subtitle if card is not None and is_typed else "")
        for part in (self._title, self._subtitle, self._typed):
            part.hidden = not is_typed

    def _enable_buttons(self, screen: Screen) -> None:
        # A disabled button loses the focus: move it to the other one for keyboard users.
        focused = js.document.activeElement
        had_focus = bool(focused) and self._main.contains(focused) and focused.localName == "button"
        self._stop.disabled = not screen.is_writing
        for button in self._main.querySelectorAll("[data-needs]"):
            allowed = screen.can_use if button.dataset.needs == "card" else screen.can_generate
            button.disabled = not allowed
        if not had_focus or not focused.disabled:
            return
        (self._stop if screen.is_writing else self._generate).focus()
