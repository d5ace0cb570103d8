"""A store in memory that can refuse, and the elements of the shelf as values."""

from __future__ import annotations

from typing import Any

from page.persona.cards import Card
from page.storage import Kind, Record, StorageProblem

__all__ = ["FakeShelfPage", "FakeStore"]


class FakeStore:
    """Records in memory, by kind and ID."""

    def __init__(self) -> None:
        self.records: dict[str, dict[str, dict[str, Any]]] = {}
        self.is_full = False

    async def read_all(self, kind: Kind) -> list[dict[str, Any]]:
        return [dict(found) for _, found in sorted(self.records.get(kind, {}).items())]

    async def read(self, kind: Kind, record_id: str) -> dict[str, Any] | None:
        return self.records.get(kind, {}).get(record_id)

    async def write(self, kind: Kind, record: Record) -> None:
        if self.is_full:
            raise StorageProblem("QuotaExceededError")
        self.records.setdefault(kind, {})[record["id"]] = dict(record)

    async def remove(self, kind: Kind, record_id: str) -> None:
        self.records.get(kind, {}).pop(record_id, None)

    async def remove_all(self) -> None:
        self.records.clear()


class FakeShelfPage:
    """What the shelf shows."""

    def __init__(self) -> None:
        self.cards: list[Card] = []
        self.compared: list[Card] = []
        self.current = ""
        self.is_busy = False
        self.status = self.undo = self.problem = ""

    def show_kept(self, cards: list[Card], compared: set[str], current: str) -> None:
        self.cards, self.current = cards, current

    def show_compared(self, cards: list[Card]) -> None:
        self.compared = cards

    def show_busy(self, *, is_busy: bool) -> None:
        self.is_busy = is_busy

    def show_kept_status(self, status: str, undo: str, problem: str) -> None:
        self.status, self.undo, self.problem = status, undo, problem
