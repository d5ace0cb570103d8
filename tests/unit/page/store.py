"""A store in memory that can refuse, and the elements of the shelf as values."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from page.persona.cards import Card
from page.storage import Kind, Record, StorageProblem

__all__ = ["FakeShelfPage", "FakeStore"]


class FakeStore:
    """Records in memory, by kind and ID; `problem` makes every call fail, `is_full` every write.

    While `answers` is not set, what is read arrives late: it is as it was before. `is_awaited` if
    somebody waits for that.
    """

    def __init__(self) -> None:
        self.answers = asyncio.Event()
        self.answers.set()
        self.is_awaited = False
        self._called = asyncio.Event()
        self.records: dict[str, dict[str, dict[str, Any]]] = {}
        self.problem = ""
        self.is_full = False

    async def read_all(self, kind: Kind) -> list[dict[str, Any]]:
        self._check()
        found = [dict(record) for _, record in sorted(self.records.get(kind, {}).items())]
        await self._answer()
        return found

    async def read_summaries(self, kind: Kind, without: str) -> list[dict[str, Any]]:
        records = await self.read_all(kind)
        return [{k: v for k, v in record.items() if k != without} for record in records]

    async def search(self, kind: Kind, words: str) -> list[str]:
        self._check()
        found = self.records.get(kind, {})
        return [name for name, record in found.items() if words in json.dumps(record)]

    async def read(self, kind: Kind, record_id: str) -> dict[str, Any] | None:
        self._check()
        found = self.records.get(kind, {}).get(record_id)
        await self._answer()
        return found

    async def write(self, kind: Kind, record: Record) -> None:
        self._check()
        if self.is_full:
            raise StorageProblem("QuotaExceededError")
        # Only what JSON has is kept.
        copy = json.loads(json.dumps(record))
        self.records.setdefault(kind, {})[record["id"]] = copy

    async def change(self, kind: Kind, changes: Record) -> bool:
        self._check()
        record = self.records.get(kind, {}).get(changes["id"])
        if record is None:
            return False
        lists = {name: items for name, items in changes.items() if isinstance(items, list)}
        joined = {
            name: [*{item["id"]: item for item in [*record.get(name, ()), *items]}.values()]
            for name, items in lists.items()
        }
        await self.write(kind, {**record, **changes, **joined})
        return True

    async def remove(self, kind: Kind, record_id: str) -> None:
        self._check()
        self.records.get(kind, {}).pop(record_id, None)

    async def remove_all(self) -> None:
        self.records.clear()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something was read or written after which the condition is true."""
        while not condition():
            self._called.clear()
            await self._called.wait()

    async def _answer(self) -> None:
        self.is_awaited = True
        await self.answers.wait()
        self.is_awaited = False

    def _check(self) -> None:
        self._called.set()
        if self.problem:
            raise StorageProblem(self.problem)


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
