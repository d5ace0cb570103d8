"""The personas that are kept in this browser: read, changed, deleted, brought back, compared."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from page.storage import Kind, Record, StorageProblem
from page.texts import text

from . import view
from .cards import Card, card_of, record_of

__all__ = ["Records", "Shelf", "ShelfPage"]

_KIND: Kind = "personas"
_logger = logging.getLogger("page")


class Records(Protocol):
    """What the shelf needs of `page.storage.Store`."""

    async def read_all(self, kind: Kind) -> list[dict[str, Any]]:
        """Return all records of a kind, in the order of their IDs."""
        ...

    async def write(self, kind: Kind, record: Record) -> None:
        """Keep a record, in place of one with the same ID."""
        ...

    async def remove(self, kind: Kind, record_id: str) -> None:
        """Delete one record."""
        ...


class ShelfPage(Protocol):
    """The elements of the kept personas, as the shelf sees them."""

    def show_kept(self, cards: list[Card], compared: set[str], current: str) -> None:
        """Show these personas in this order; `current` is the ID of the one that is open."""
        ...

    def show_compared(self, cards: list[Card]) -> None:
        """Show these personas side by side; none hides the place."""
        ...

    def show_busy(self, *, is_busy: bool) -> None:
        """Show whether a change is still being written."""
        ...

    def show_kept_status(self, status: str, undo: str, problem: str) -> None:
        """Show a line about the list, what can be brought back, and what went wrong."""
        ...


class Shelf:
    """Keeps personas; what the browser refuses to keep is shown all the same, with the reason."""

    def __init__(self, *, page: ShelfPage, store: Records) -> None:
        self._page = page
        self._store = store
        self._cards: dict[str, Card] = {}
        self._compared: set[str] = set()
        self._deleted: list[Card] = []
        self._current = ""
        self._problem = ""
        self._work: asyncio.Task[None] | None = None

    @property
    def cards(self) -> list[Card]:
        """All of them, the newest first."""
        return sorted(self._cards.values(), key=lambda card: card.id, reverse=True)

    @property
    def compared(self) -> list[Card]:
        """Those that the visitor compares, the newest first."""
        return [card for card in self.cards if card.id in self._compared]

    def find(self, card_id: str) -> Card | None:
        """Return the persona with this ID."""
        return self._cards.get(card_id)

    def open(self) -> None:
        """Show what was kept at earlier visits."""
        self._begin(self._read)

    def keep(self, card: Card) -> None:
        """Keep a persona, in place of its earlier version, and mark it as the open one."""
        self._cards[card.id] = card
        self.mark(card.id)
        self._begin(lambda: self._store.write(_KIND, record_of(card)))

    def mark(self, card_id: str) -> None:
        """Mark the persona that is open; an empty ID marks none."""
        self._current = card_id
        self._show()

    def remove(self, card_id: str) -> None:
        """Delete one persona; `undo` brings it back."""
        card = self._cards.get(card_id)
        if card is not None:
            self._remove([card])

    def remove_all(self) -> None:
        """Delete all personas; `undo` brings them back."""
        if self._cards:
            self._remove(self.cards)

    def undo(self) -> None:
        """Bring back what was deleted last."""
        back, self._deleted = self._deleted, []
        for card in back:
            self._cards[card.id] = card
        self._show()
        self._begin(lambda: self._write_all(back))

    def compare(self, card_id: str, *, is_compared: bool) -> None:
        """Show a persona beside others, or no longer."""
        if is_compared and card_id in self._cards:
            self._compared.add(card_id)
        else:
            self._compared.discard(card_id)
        self._show()

    async def settled(self) -> None:
        """Wait until all that has been begun is over."""
        while self._work is not None and not self._work.done():
            await asyncio.wait([self._work])

    def _remove(self, cards: list[Card]) -> None:
        self._deleted = cards
        for card in cards:
            del self._cards[card.id]
            self._compared.discard(card.id)
        self._show()
        self._begin(lambda: self._delete_all(cards))

    async def _read(self) -> None:
        records = await self._store.read_all(_KIND)
        found = [card for card in map(card_of, records) if card is not None]
        # What was written meanwhile is newer than what was read.
        self._cards = {card.id: card for card in found} | self._cards

    async def _write_all(self, cards: list[Card]) -> None:
        for card in cards:
            await self._store.write(_KIND, record_of(card))

    async def _delete_all(self, cards: list[Card]) -> None:
        for card in cards:
            await self._store.remove(_KIND, card.id)

    def _begin(self, work: Callable[[], Awaitable[None]]) -> None:
        # One after the other: a deletion must not overtake the writing of the same persona.
        self._work = asyncio.ensure_future(self._guard(self._work, work))
        self._page.show_busy(is_busy=True)

    async def _guard(
        self, before: asyncio.Task[None] | None, work: Callable[[], Awaitable[None]]
    ) -> None:
        if before is not None:
            await asyncio.wait([before])
        try:
            await work()
            self._problem = ""
        except StorageProblem as error:
            _logger.warning("Personas could not be kept: %s", error)
            self._problem = text("persona.kept.problem")
        self._show()
        self._page.show_busy(is_busy=self._work is not asyncio.current_task())

    def _show(self) -> None:
        cards = self.cards
        compared = self.compared
        self._page.show_kept(cards, self._compared, self._current)
        self._page.show_compared(compared if len(compared) > 1 else [])
        status = view.kept_status(len(cards), len(compared))
        self._page.show_kept_status(status, view.undo_of(self._deleted), self._problem)
