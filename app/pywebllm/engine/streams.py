"""The chunks of one request to the engine, one after another, as the engine sends them.

Whatever ends reading early also ends the work: `close`, cancellation, a timeout, or dropping the
stream. That stop is synchronous, and one method does it: `EngineStream.close`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Protocol, TypeVar

from pywebllm import wire
from pywebllm.bridge import Stream
from pywebllm.errors import AbortedError, WebLLMError
from pywebllm.records import Model
from pywebllm.wire import Kind

__all__ = ["EngineStream", "Runner"]

StreamT = TypeVar("StreamT", bound=Stream)


class Runner(Protocol):
    """Answers requests: an engine, or a pool of engines."""

    def stream(
        self, kind: Kind, body: Mapping[str, object], *, model: Model = None, loads: bool = True
    ) -> EngineStream:
        """Return the answer as a stream; the request is made when the stream is opened.

        With `loads=False` it is refused unless the model is loaded, or is being loaded.
        """
        ...


class EngineStream(AsyncIterator[dict[str, Any]]):
    """The chunks of one engine request as WebLLM made them, in order and complete.

    The request is made by `open`, or when the first chunk is read. Only one task at a time may
    open or read. Cancelling it closes the stream.

    Args:
        start: Makes the request; called once, with this stream, by `open`. It passes each stream
            of the bridge that it opens to `hold`, and returns the one with the chunks.
    """

    # For `__del__`, in case `__init__` raises.
    _stream: Stream | None = None

    def __init__(self, start: Callable[[EngineStream], Awaitable[Stream]]) -> None:
        self._start: Callable[[EngineStream], Awaitable[Stream]] | None = start
        self._held: list[Stream] = []  # opened by `start` while it runs
        self._waiting: deque[dict[str, Any]] = deque()
        self._is_busy = False
        self._is_closed = False

    async def open(self) -> None:
        """Make the request; do nothing if it has been made, or the stream is closed.

        Cancelled, it closes the stream; the engine is free for the next request.

        Raises:
            WebLLMError: The request could not be made; the stream is over.
            RuntimeError: Another task opens or reads this stream.
        """
        self._check_free()
        start, self._start = self._start, None
        if start is None:
            return
        stream: Stream | None = None
        self._is_busy = True
        try:
            stream = await start(self)
        except WebLLMError:
            if not self._is_closed:
                raise
        finally:
            self._is_busy = False
            self._stream = stream
            if stream is None or self._is_closed:
                self.close()
            self._held = []

    def hold(self, stream: StreamT) -> StreamT:
        """Stop this stream, too, if the request ends before it is made; return it."""
        self._held.append(stream)
        return stream

    def check_open(self) -> None:
        """Check that the stream was not closed while its request is being made.

        Raises:
            AbortedError: It was closed.
        """
        if self._is_closed:
            raise AbortedError("the request was stopped before it was made")

    async def __anext__(self) -> dict[str, Any]:
        """Return the next chunk.

        Cancelled, it closes the stream; the engine is free for the next request.

        Raises:
            WebLLMError: The request failed; the stream is over.
            RuntimeError: Another task opens or reads this stream.
        """
        self._check_free()
        if self._start is not None:
            await self.open()
        while not self._waiting:
            if not await self._receive():
                raise StopAsyncIteration
        return self._waiting.popleft()

    def close(self) -> None:
        """Stop the work at once; a pending read finds the end. May be called again."""
        stream, self._stream, self._start = self._stream, None, None
        held, self._held = self._held, []
        self._is_closed = True
        self._waiting.clear()
        for one in held:
            one.stop()
        if stream is not None:
            stream.stop()

    def __del__(self) -> None:
        # `async for … break` only drops the stream; in CPython this runs at that moment.
        if self._stream is not None:
            self._stream.stop()

    def _check_free(self) -> None:
        if self._is_busy:
            raise RuntimeError("another task is reading this stream")

    async def _receive(self) -> bool:
        stream = self._stream
        if stream is None:
            return False
        chunks: list[dict[str, Any]] | None = None
        self._is_busy = True
        try:
            text = await stream.next()
            chunks = None if text is None else wire.read_chunks(text)
        except WebLLMError:
            if not self._is_closed:
                raise
        finally:
            self._is_busy = False
            if chunks is None:
                self.close()
        if self._is_closed:
            return False
        self._waiting.extend(chunks or ())
        return True
