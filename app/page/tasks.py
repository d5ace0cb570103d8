"""Tasks that a view has begun: kept until they are over."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

__all__ = ["Tasks"]


class Tasks:
    """Begins work that nobody waits for, except tests."""

    def __init__(self) -> None:
        self._running: set[asyncio.Future[None]] = set()

    def begin(self, work: Awaitable[None]) -> asyncio.Future[None]:
        """Do this work in a task, and return the task."""
        task = asyncio.ensure_future(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def settled(self) -> None:
        """Wait until all that has been begun is over.

        Cancelled, that goes on.
        """
        while self._running:
            await asyncio.wait(list(self._running))
