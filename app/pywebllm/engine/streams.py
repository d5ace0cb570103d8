"""What one request to the engine brings, piece by piece, just as the engine sends it.

Whatever ends the reading early also ends the work: `close`, cancellation, a timeout, or dropping
the stream. That stop is synchronous and lives in one place, `EngineStream.close`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Protocol

from pywebllm import wire
from pywebllm.bridge import Stream
from pywebllm.errors import WebLLMError
from pywebllm.records import Model
from pywebllm.wire import Kind

__all__ = ["EngineStream", "Runner"]


class Runner(Protocol):
    """What requests are made of: an engine, or several."""

    def stream(
        self, kind: Kind, body: Mapping[str, object], *, model: Model = None, loads: bool = True
    ) -> EngineStream:
        """Return what the request brings; it is made when the stream is opened.

        With `loads=False` it is refused unless the model is loaded, or is being loaded.
        """
        ...


class EngineStream(AsyncIterator[dict[str, Any]]):
    """The chunks of one engine request as WebLLM made them, in order, none left out.

    Args:
        start: Makes the request and returns what it brings; called once, by `open`. It cleans
            up after itself when it fails or is cancelled.
        give_up: Ends a `start` that runs, now, when the stream is closed meanwhile.

    The request is made by `open`, or when the first chunk is asked for. Only one task at a time
    may open or read. Cancelling it closes the stream.
    """

    # For `__del__`, should `__init__` not get far enough.
    _stream: Stream | None = None
    _give_up: Callable[[], object] | None = None

    def __init__(
        self,
        start: Callable[[], Awaitable[Stream]],
        *,
        give_up: Callable[[], object] | None = None,
    ) -> None:
        self._start: Callable[[], Awaitable[Stream]] | None = start
        self._give_up = give_up
        self._waiting: deque[dict[str, Any]] = deque()
        self._is_busy = False
        self._is_closed = False

    async def open(self) -> None:
        """Make the request; nothing happens when it was made, or the stream is closed.

        Cancelled, it closes the stream; the engine is free for the next request.

        Raises:
            WebLLMError: It could not be made; the stream is over.
            RuntimeError: Another task opens or reads this stream.
        """
        self._check_free()
        start, self._start = self._start, None
        if start is None:
            return
        stream: Stream | None = None
        self._is_busy = True
        try:
            stream = await start()
        except WebLLMError:
            if not self._is_closed:
                raise
        finally:
            self._is_busy = False
            self._stream, self._give_up = stream, None
            if stream is None or self._is_closed:
                self.close()

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
        """Stop the work, now; who reads finds the end. May be called again."""
        stream, self._stream, self._start = self._stream, None, None
        give_up, self._give_up = self._give_up, None
        self._is_closed = True
        self._waiting.clear()
        if give_up is not None:
            give_up()
        if stream is not None:
            stream.stop()

    def __del__(self) -> None:
        # `async for … break` drops the stream without a word; this runs at that very moment.
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
