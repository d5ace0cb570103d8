"""Server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html.

An answer becomes the bytes of a response body, one event at a time. This is a class rather than
a generator: a dropped generator is only closed later, by the event loop, an object at once.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Protocol, TypeAlias

from pywebllm.errors import WebLLMError

__all__ = ["DONE", "Event", "EventBody", "Events"]

Event: TypeAlias = Mapping[str, Any]

# The end of a stream of the chat and completions endpoints.
DONE = b"data: [DONE]\n\n"


class Events(Protocol):
    """An answer as a sequence of JSON objects."""

    async def __anext__(self) -> Event: ...

    def close(self) -> None:
        """Stop the answer at once, which ends a pending read. May be called again."""
        ...


class EventBody(AsyncIterator[bytes]):
    """The body of a streamed response. Closing or dropping it stops the answer.

    Args:
        events: The events to write.
        on_error: Converts an error of the answer to the last event.
        named: True to write each object's `type` as the name of its event.
        last: The bytes after the last event of an answer without an error.
    """

    # For `__del__`, in case `__init__` did not complete.
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
        """True until it is read to its end or closed."""
        return self._events is not None

    async def open(self) -> None:
        """Wait for the first event, which the next read returns.

        This lets an error before the answer begins have its own HTTP status. On cancellation
        the answer stops.

        Raises:
            WebLLMError: The answer failed before it began.
        """
        try:
            self._first = await self._read()
        except BaseException:
            self.close()
            raise

    async def __anext__(self) -> bytes:
        """Return the next event's bytes; an error of the answer becomes an event as well."""
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
        """Stop the answer at once. Closing a body that has ended does nothing."""
        events, self._events, self._first = self._events, None, b""
        if events is not None:
            events.close()

    def __del__(self) -> None:
        self.close()

    async def _read(self) -> bytes:
        """Return the next event's bytes, at the end `last`, and after that empty bytes."""
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
    # ASCII only: some line readers also split at U+0085 and U+2028.
    data = f"data: {json.dumps(event, separators=(',', ':'))}\n\n"
    return (f"event: {event['type']}\n{data}" if named else data).encode()
