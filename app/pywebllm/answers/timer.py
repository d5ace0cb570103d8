"""A bound on each wait of a reader, by one timer for all of them."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Callable

__all__ = ["ReadTimer"]


class ReadTimer:
    """Calls `expire` once, when a wait takes longer than `seconds`; None: never.

    `asyncio.timeout` around each wait would leave a timer of the browser behind for each, which
    Pyodide keeps until its time comes: as many as chunks, and for minutes.
    """

    def __init__(self, seconds: float | None, expire: Callable[[], object]) -> None:
        self.expired = False
        self._seconds = seconds
        self._expire = expire
        self._since: float | None = None
        self._handle: asyncio.TimerHandle | None = None

    @property
    def is_armed(self) -> bool:
        """True while the event loop holds a timer for this."""
        return self._handle is not None

    def start(self) -> None:
        """Begin a wait."""
        if self._seconds is None:
            return
        self._since = asyncio.get_running_loop().time()
        if self._handle is None:
            self._arm(self._seconds)

    def stop(self) -> None:
        """End the wait; the timer stays for the next one."""
        self._since = None

    def cancel(self) -> None:
        """End the timer. May be called again."""
        self._since = None
        handle, self._handle = self._handle, None
        if handle is not None:
            handle.cancel()

    def __del__(self) -> None:
        self.cancel()

    def _arm(self, seconds: float) -> None:
        # The event loop must not keep alive what only a reader that is gone had use for.
        timer = weakref.ref(self)
        self._handle = asyncio.get_running_loop().call_later(seconds, _ring, timer)

    def _ring(self) -> None:
        self._handle = None
        if self._since is None or self._seconds is None:
            return  # nobody waits: the next wait arms it again
        left = self._since + self._seconds - asyncio.get_running_loop().time()
        if left > 0:
            self._arm(left)
            return
        self.expired = True
        self._expire()


def _ring(timer: weakref.ref[ReadTimer]) -> None:
    found = timer()
    if found is not None:
        found._ring()
