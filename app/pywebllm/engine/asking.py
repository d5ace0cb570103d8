"""A request on its way to the engine: what it has begun, so that it can be ended at any point."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from pywebllm.bridge import Stream
from pywebllm.errors import AbortedError

from .guard import GuardedStream

__all__ = ["Asking"]


class Asking:
    """One run of `make`, and the streams of the bridge that it holds while it runs.

    Whatever ends it early stops all of them: an error, cancellation, or `stop` from elsewhere.
    """

    def __init__(self, make: Callable[[Asking], Awaitable[Stream]]) -> None:
        self._make = make
        self._held: list[GuardedStream] = []
        self._is_stopped = False

    async def start(self) -> Stream:
        """Return what `make` makes. Cancelled, everything that it began is stopped.

        Raises:
            WebLLMError: It failed, or was stopped meanwhile.
        """
        try:
            return await self._make(self)
        except BaseException:
            self.stop()
            raise

    def hold(self, stream: GuardedStream) -> GuardedStream:
        """Stop this stream, too, when the request ends early; return it."""
        self._held.append(stream)
        return stream

    def check(self) -> None:
        """Raise when the request was stopped meanwhile.

        Raises:
            AbortedError: It was.
        """
        if self._is_stopped:
            raise AbortedError("the request was stopped before it was made")

    def stop(self) -> None:
        """Give the request up, now. May be called again."""
        self._is_stopped = True
        held, self._held = self._held, []
        for stream in held:
            stream.stop()
