"""The elements of the kept personas: a list, and those side by side."""

from __future__ import annotations

from typing import Any

import js

from page.elements import find_element, set_text

from .card_nodes import details, whole_card
from .cards import Card

__all__ = ["ShelfElements"]


class ShelfElements:
    """The elements in index.html, found once by their ids."""

    def __init__(self) -> None:
        self.section = find_element("persona-kept")
        self.list = find_element("persona-kept-list")
        self._kept_status = find_element("persona-kept-status")
        self._kept_problem = find_element("persona-kept-problem")
        self._undo = find_element("persona-undo")
        self._undo_text = find_element("persona-undo-text")
        self._tools = find_element("persona-kept-tools")
        self._compared = find_element("persona-compared")
        self._columns = find_element("persona-columns")
        self._rows: dict[str, _KeptElement] = {}
        self._beside: list[Card] = []

    def show_kept(self, cards: list[Card], compared: set[str], current: str) -> None:
        """Show these personas in this order; `current` is the ID of the one that is open."""
        for gone in self._rows.keys() - {card.id for card in cards}:
            self._rows.pop(gone).element.remove()
        for place, card in enumerate(cards):
            row = self._rows.get(card.id)
            if row is None:
                row = self._rows[card.id] = _KeptElement(card)
            row.show(card, is_compared=card.id in compared, is_open=card.id == current)
            # Only what is not in its place is moved: an element that is moved loses the focus.
            here = self.list.children.item(place)
            if not here or here.dataset.card != card.id:
                self.list.insertBefore(row.element, here)
        self._tools.hidden = not cards

    def show_compared(self, cards: list[Card]) -> None:
        """Show these personas side by side; none hides the place."""
        if cards == self._beside:
            return
        self._beside = cards
        self._columns.replaceChildren(*[whole_card(card, level=4) for card in cards])
        self._compared.hidden = not cards

    def show_busy(self, *, is_busy: bool) -> None:
        """Show whether a change is still being written."""
        self.list.ariaBusy = "true" if is_busy else "false"

    def show_kept_status(self, status: str, undo: str, problem: str) -> None:
        """Show a line about the list, what can be brought back, and what went wrong."""
        # A deleted persona takes the focus along: it goes to the button that brings it back.
        lost = self._undo.hidden and bool(undo) and not _has_focus()
        set_text(self._kept_status, status)
        set_text(self._undo_text, undo)
        self._undo.hidden = not undo
        set_text(self._kept_problem, problem)
        self._kept_problem.hidden = not problem
        self.section.hidden = not (self._rows or undo or problem)
        if lost:
            self._undo.querySelector("button").focus()


class _KeptElement:
    """The element of one persona; only what differs is changed."""

    def __init__(self, card: Card) -> None:
        template = find_element("persona-kept-item")
        self.element = template.content.firstElementChild.cloneNode(True)  # noqa: FBT003
        self.element.dataset.card = card.id
        self._title = self.element.querySelector("h3")
        self._body = self.element.querySelector(".body")
        self._tick = self.element.querySelector("input")
        self._card: Card | None = None

    def show(self, card: Card, *, is_compared: bool, is_open: bool) -> None:
        """Show this persona."""
        self._tick.checked = is_compared
        self.element.dataset.open = str(is_open).lower()
        if card == self._card:
            return
        self._card = card
        set_text(self._title, card.title)
        self._body.replaceChildren(*details(card))
        for part in self.element.querySelectorAll("[data-do]"):
            words = part.closest("button, label").textContent.strip()
            part.ariaLabel = f"{words}: {card.title}"


def _has_focus() -> bool:
    focused: Any = js.document.activeElement
    return bool(focused) and not focused.isSameNode(js.document.body)
