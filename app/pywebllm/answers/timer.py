"""A time limit for each wait of a reader, by one timer for all waits."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Callable

__all__ = ["ReadTimer"]


class ReadTimer:
    """Calls `expire` once, when a wait takes longer than `seconds`.

    `asyncio.timeout` around each wait would leave one browser timer per chunk, which Pyodide
    keeps until it would have fired: as many timers as chunks, for minutes.

    Args:
        seconds: The longest wait, above 0; None: no limit.
        expire: A plain function, called when a wait takes longer.

    Attributes:
        expired: True once a wait took longer.
    """

    def __init__(self, seconds: float | None, expire: Callable[[], object]) -> None:
        self.expired = False
        self._seconds = seconds
        self._expire = expire
        self._since: float | None = None
        self._handle: asyncio.TimerHandle | None = None

    @property
    def is_armed(self) -> bool:
        """True while a timer is scheduled in the event loop."""
        return self._handle is not None

    def start(self) -> None:
        """Begin a wait."""
        if self._seconds is None:
            return
        self._since = asyncio.get_running_loop().time()
        if self._handle is None:
            self._arm(self._seconds)

    def stop(self) -> None:
        """End the wait; the timer stays scheduled for the next one."""
        self._since = None

    def cancel(self) -> None:
        """Cancel the timer. May be called again."""
        self._since = None
        handle, self._handle = self._handle, None
        if handle is not None:
            handle.cancel()

    def __del__(self) -> None:
        self.cancel()

    def _arm(self, seconds: float) -> None:
        # A weak reference, so that the event loop does not keep a dropped reader alive.
        timer = weakref.ref(self)
        self._handle = asyncio.get_running_loop().call_later(seconds, _on_timer, timer)

    def _on_timer(self) -> None:
        self._handle = None
        if self._since is None or self._seconds is None:
            return  # no wait is running: the next one schedules the timer again
        left = self._since + self._seconds - asyncio.get_running_loop().time()
        if left > 0:
            self._arm(left)
            return
        self.expired = True
        self._expire()


def _on_timer(timer: weakref.ref[ReadTimer]) -> None:
    found = timer()
    if found is not None:
        found._on_timer()
