"""Waiting without `await`: on CPython for a loop in a thread, in a browser by JSPI."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Awaitable
from typing import TypeVar

from pywebllm import browser

__all__ = ["Waiter"]

T = TypeVar("T")


class Waiter:
    """Runs awaitables to their end, on a loop of its own that begins with the first of them."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def __call__(self, awaitable: Awaitable[T], /) -> T:
        """Return the result of `awaitable`, or raise its error."""
        if sys.platform == "emscripten":
            return browser.run_sync(awaitable)
        return asyncio.run_coroutine_threadsafe(_result(awaitable), self._started()).result()

    def close(self) -> None:
        """End the loop and its thread. May be called again."""
        loop, thread, self._loop, self._thread = self._loop, self._thread, None, None
        if loop is None or thread is None:
            return
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()

    def _started(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
            self._thread.start()
        return self._loop


async def _result(awaitable: Awaitable[T]) -> T:
    return await awaitable
