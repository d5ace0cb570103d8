"""Server-sent events, as https://html.spec.whatwg.org/multipage/server-sent-events.html has them.

An answer becomes the bytes of a response body, one event at a time. No generator is used: one
that is dropped half-way waits for the event loop to close it, an object stops at that moment.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Protocol, TypeAlias

from pywebllm.errors import WebLLMError

__all__ = ["DONE", "Event", "EventBody", "Events"]

Event: TypeAlias = Mapping[str, Any]

# How the streams of the chat and completions endpoints end.
DONE = b"data: [DONE]\n\n"


class Events(Protocol):
    """An answer as JSON objects, one after the other."""

    async def __anext__(self) -> Event: ...

    def close(self) -> None:
        """Stop the answer, now; a pending read ends. May be called again."""
        ...


class EventBody(AsyncIterator[bytes]):
    """The body of a streamed response. It has been stopped when it is closed or dropped.

    Args:
        events: What to write.
        on_error: Turns what the answer failed with into the object that is written then.
        named: Write each object's `type` as the name of the event too.
        last: What ends the body when the answer ended well.
    """

    # For `__del__`, should `__init__` not get far enough.
    _events: Events | None = None

    def __init__(
        self,
        events: Events,
        *,
        on_error: Callable[[WebLLMError], Event],
        named: bool = False,
        last: bytes = b"",
    ) -> None:
        self._events = events
        self._on_error = on_error
        self._named = named
        self._last = last
        self._first = b""

    @property
    def is_open(self) -> bool:
        """True until it has been read to its end or closed."""
        return self._events is not None

    async def open(self) -> None:
        """Wait for the first event, which the next read returns.

        What goes wrong before an answer begins can have its own HTTP status so. Cancelled, it
        stops the answer.

        Raises:
            WebLLMError: The answer failed before it began.
        """
        try:
            self._first = await self._read()
        except BaseException:
            self.close()
            raise

    async def __anext__(self) -> bytes:
        """Return the next event's bytes; an error of the answer is an event too."""
        if self._first:
            first, self._first = self._first, b""
            return first
        try:
            written = await self._read()
        except WebLLMError as error:
            self.close()
            return _write(self._on_error(error), named=False)
        if not written:
            raise StopAsyncIteration
        return written

    def close(self) -> None:
        """Stop the answer; nothing happens when it is over. May be called again."""
        events, self._events, self._first = self._events, None, b""
        if events is not None:
            events.close()

    def __del__(self) -> None:
        self.close()

    async def _read(self) -> bytes:
        """Return the next event's bytes, then `last`, then nothing."""
        events = self._events
        if events is None:
            return b""
        try:
            event = await anext(events)
        except StopAsyncIteration:
            closed = self._events is None
            self._events = None
            return b"" if closed else self._last
        return _write(event, named=self._named)


def _write(event: Event, *, named: bool) -> bytes:
    # ASCII only: some readers of lines also cut at U+0085 and U+2028.
    data = f"data: {json.dumps(event, separators=(',', ':'))}\n\n"
    return (f"event: {event['type']}\n{data}" if named else data).encode()
