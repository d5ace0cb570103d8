"""One attempt to load the model, shared by the callers of `initialize` who wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine

from pywebllm.cancelling import is_cancelled
from pywebllm.errors import WebLLMError

__all__ = ["Attempt"]


class Attempt:
    """One attempt to load, which all callers of `initialize` share that come while it runs.

    Each caller runs its load inside `with`; a failure or `close` ends the attempt for callers
    that come later.
    """

    def __init__(self) -> None:
        self.has_failed = False
        self._callers = 0
        self._is_closed = False
        self._closed_by: WebLLMError | None = None
        self._loads: set[asyncio.Task[None]] = set()

    @property
    def is_running(self) -> bool:
        """True while a caller waits for it."""
        return self._callers > 0 and not self._is_closed

    async def run(self, load: Coroutine[None, None, None]) -> None:
        """Wait for a load. Cancelled, the load is cancelled.

        Raises:
            WebLLMError: The load failed, or `close` stopped it.
        """
        task = asyncio.create_task(load)
        self._loads.add(task)
        task.add_done_callback(self._loads.discard)
        try:
            await task
        except asyncio.CancelledError:
            if self._closed_by is None or is_cancelled():
                raise
            raise self._closed_by from None

    def fail(self) -> None:
        """End the attempt for callers that come later: it has failed."""
        self.has_failed = self._is_closed = True

    def close(self, error: WebLLMError) -> None:
        """End the attempt now: its loads are cancelled, and `run` raises `error`."""
        self._is_closed, self._closed_by = True, error
        for load in tuple(self._loads):
            load.cancel()

    def __enter__(self) -> None:
        self._callers += 1

    def __exit__(self, *raised: object) -> None:
        self._callers -= 1
