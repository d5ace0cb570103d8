"""Keeping conversations: what has changed in each is written, one after another.

Only that, because another tab may have added to the same conversation since it was read here.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from page.storage import StorageProblem, Store

from .conversation import Conversation
from .records import changes_of, to_record

__all__ = ["Saver"]

# While an answer is written, the conversation is kept this often, in seconds; and so seldom that it
# takes no more than this part of the time, however long the conversation is.
_INTERVAL = 1.0
_SHARE = 20


class Saver:
    """Writes conversations into a store; calls `on_problem` when the browser refuses.

    Args:
        store: Where to.
        on_problem: Called with what went wrong, and with an empty string when all is well again.
    """

    def __init__(self, *, store: Store, on_problem: Callable[[str], None]) -> None:
        self._store = store
        self._on_problem = on_problem
        self._waiting: dict[str, Conversation] = {}
        self._deleted: set[str] = set()
        # As this tab read or wrote them last, by ID.
        self._kept: dict[str, dict[str, Any]] = {}
        self._work: asyncio.Task[None] | None = None
        self._next = 0.0
        self._problem = ""

    def save(self, conversation: Conversation) -> None:
        """Keep the conversation as it is when its turn comes."""
        if conversation.id in self._deleted:
            return
        self._waiting[conversation.id] = conversation
        if self._work is None or self._work.done():
            self._work = asyncio.ensure_future(self._write_all())

    def know(self, conversation: Conversation) -> None:
        """Take note of a conversation in the store: if it is gone later, it stays so."""
        self._kept[conversation.id] = to_record(conversation)

    @property
    def is_due(self) -> bool:
        """True if a conversation in which an answer is written should be kept now."""
        return time.monotonic() >= self._next

    def save_sometimes(self, conversation: Conversation) -> None:
        """Keep the conversation, unless that was done a moment ago."""
        if self.is_due:
            self._next = time.monotonic() + _INTERVAL
            self.save(conversation)

    async def delete(self, conversation_id: str) -> None:
        """Delete a conversation, and write it no more, whatever is still under way in it.

        Raises:
            StorageProblem: The browser refused.
        """
        self._deleted.add(conversation_id)
        self._waiting.pop(conversation_id, None)
        await self.settled()
        try:
            await self._store.remove("conversations", conversation_id)
        except StorageProblem:
            # It is still there, and so is what the visitor adds to it.
            self._deleted.discard(conversation_id)
            raise

    def restore(self, conversation: Conversation) -> None:
        """Keep a conversation that was deleted."""
        self._deleted.discard(conversation.id)
        self._kept.pop(conversation.id, None)
        self.save(conversation)

    def is_deleted(self, conversation_id: str) -> bool:
        """Return True if a conversation was deleted in this page."""
        return conversation_id in self._deleted

    async def settled(self) -> None:
        """Wait until all is written."""
        while self._work is not None and not self._work.done():
            await asyncio.wait([self._work])

    async def _write_all(self) -> None:
        while self._waiting:
            conversation = self._waiting.pop(next(iter(self._waiting)))
            began = time.monotonic()
            try:
                await self._write(conversation)
            except StorageProblem as problem:
                self._report(str(problem))
            else:
                self._report("")
            took = time.monotonic() - began
            self._next = max(self._next, time.monotonic() + took * _SHARE)

    async def _write(self, conversation: Conversation) -> None:
        record = to_record(conversation)
        before = self._kept.get(conversation.id)
        if before is None:
            await self._store.write("conversations", record)
        elif not await self._store.change("conversations", changes_of(record, before)):
            self._deleted.add(conversation.id)  # by another tab
        self._kept[conversation.id] = record

    def _report(self, problem: str) -> None:
        if problem != self._problem:
            self._problem = problem
            self._on_problem(problem)
