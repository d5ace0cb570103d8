"""The standard output of a program, sent to the page in pieces."""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import Callable
from typing import Literal

__all__ = ["LIMIT", "Outlet", "Writer"]

# Characters of one run: a page with more is slow, and nobody reads them.
LIMIT = 400_000

_PIECE = 8_192
_INTERVAL = 0.05


class Outlet:
    """Collects what is written, so that a loop of prints is not a flood of messages.

    Args:
        send: Called with the stream and the text.
    """

    def __init__(self, send: Callable[[Literal["out", "err"], str], object]) -> None:
        self._send = send
        self._left = LIMIT
        self._waiting: list[str] = []
        self._size = 0
        self._stream: Literal["out", "err"] = "out"
        self._sent = 0.0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def is_full(self) -> bool:
        """True if something was left out."""
        return self._left <= 0

    def write(self, stream: Literal["out", "err"], text: str) -> None:
        """Write text; what is over the limit is left out."""
        text, self._left = text[: max(self._left, 0)], self._left - len(text)
        if not text:
            return
        if stream != self._stream:
            self.flush()
            self._stream = stream
        self._waiting.append(text)
        self._size += len(text)
        if self._size > _PIECE or time.monotonic() - self._sent > _INTERVAL:
            self.flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_INTERVAL, self.flush)

    def flush(self) -> None:
        """Send what waits."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._waiting:
            text, self._waiting, self._size = "".join(self._waiting), [], 0
            self._send(self._stream, text)
        self._sent = time.monotonic()


class Writer(io.TextIOBase):
    """`sys.stdout` or `sys.stderr` of a program."""

    encoding = "utf-8"

    def __init__(self, outlet: Outlet, stream: Literal["out", "err"]) -> None:
        self._outlet = outlet
        self._stream = stream

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, text: str) -> int:
        """Write text; return its length."""
        self._outlet.write(self._stream, text)
        return len(text)

    def flush(self) -> None:
        """Send what waits."""
        self._outlet.flush()
