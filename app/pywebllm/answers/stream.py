"""Streamed answers: what chats and text completions share.

One request for several answers is several requests to the engine, one after another. A `Writer`
turns what the engine sends into chunks; this module makes requests, reads and stops them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Generic, Protocol, TypeVar

from pywebllm import codec
from pywebllm.closing import AsyncClosing
from pywebllm.engine.streams import EngineStream
from pywebllm.errors import AbortedError, EngineError, RequestTimeoutError
from pywebllm.pieces import EndReason, Piece
from pywebllm.types import Usage

from .timer import ReadTimer

__all__ = ["AnswerStream", "Writer"]

ChunkT = TypeVar("ChunkT")
FinalT_co = TypeVar("FinalT_co", covariant=True)


class Writer(Protocol[ChunkT, FinalT_co]):
    """Turns what the engine sends into chunks, and the chunks into the complete response."""

    def write(self, index: int, piece: Piece) -> Iterable[ChunkT]:
        """Return the chunks for this piece of the answer with this index."""
        ...

    def end(self, usages: Sequence[Usage]) -> Iterable[ChunkT]:
        """Return the chunks that follow the last answer; `usages` has one item per answer."""
        ...

    def note(self, chunk: ChunkT) -> None:
        """Add a chunk that the caller has read to `text` and `final`."""

    @property
    def text(self) -> str:
        """The text of the first answer in the chunks read so far."""
        ...

    def final(self) -> FinalT_co:
        """Return the complete response; all its chunks have been read."""
        ...


class AnswerStream(AsyncClosing, AsyncIterator[ChunkT], Generic[ChunkT, FinalT_co]):
    """The chunks of all answers to one request, in order and complete.

    An async iterator and an async context manager. Only one task may read at a time. Whatever
    ends reading early stops the engine at once: `break`, an exception, cancellation, a timeout,
    `close()`, or dropping the stream. What has been read stays in `text`.
    """

    # No attribute may refer back to the stream: dropping it must free its sources at once,
    # because that stops the engine after `async for … break`.

    def __init__(
        self, sources: Iterable[EngineStream], *, writer: Writer[ChunkT, FinalT_co]
    ) -> None:
        self._sources = deque(enumerate(sources))
        self._timeout: float | None = None
        self._timer = ReadTimer(None, _ignore)
        self._writer = writer
        self._waiting: deque[ChunkT] = deque()
        self._usages: list[Usage] = []
        self._end: EndReason | None = None
        self._reading = False
        self._closed = False
        self._final: FinalT_co | None = None

    @property
    def timeout(self) -> float | None:
        """The longest wait for each next chunk, in seconds above 0; None: no limit."""
        return self._timeout

    @timeout.setter
    def timeout(self, seconds: float | None) -> None:
        self._timer.cancel()
        self._timeout = seconds
        self._timer = ReadTimer(seconds, partial(_stop_all, self._sources))

    @property
    def text(self) -> str:
        """The text of the first answer, as far as it has been read."""
        return self._writer.text

    @property
    def final(self) -> FinalT_co | None:
        """The complete response once the stream has been read to its end; None until then."""
        return self._final

    async def open(self) -> None:
        """Make the request now; the model is loaded first if necessary. May be called again.

        Without it the request is made when the first chunk is read. Cancelled, it stops the load
        or the request, and the stream is over.

        Raises:
            WebLLMError: The model could not be loaded, or the request was rejected.
            RuntimeError: Another task is reading this stream.
        """
        if self._closed or not self._sources:
            return
        _, source = self._sources[0]
        with self._stopping_on_error():
            await source.open()

    async def begin(self) -> None:
        """Wait until the first chunk has arrived, without reading it.

        Cancelled, it stops the load or the request, and the stream is over.

        Raises:
            WebLLMError: The model could not be loaded, or the answer failed.
            RuntimeError: Another task is reading this stream.
        """
        while not self._waiting and self._sources:
            await self._receive()

    async def read(self) -> FinalT_co:
        """Read to the end and return the complete response.

        Cancelled, it stops the engine.

        Raises:
            RequestTimeoutError: A chunk took longer than `timeout`; the stream is over.
            WebLLMError: The answer failed; the stream is over.
            AbortedError: The stream was closed before its end.
            RuntimeError: Another task is reading this stream.
        """
        async for _ in self:
            pass
        if self._final is None:
            raise AbortedError("the answer was stopped before its end")
        return self._final

    async def __anext__(self) -> ChunkT:
        """Return the next chunk.

        Cancelled, it stops the engine, which is free for the next request.

        Raises:
            RequestTimeoutError: It took longer than `timeout`; the stream is over.
            WebLLMError: The answer failed; the stream is over.
            RuntimeError: Another task is reading this stream.
        """
        if self._reading:
            raise RuntimeError("another task is reading this stream")
        if not self._waiting:
            self._timer.start()
            try:
                while not self._waiting and self._sources:
                    await self._receive()
            finally:
                self._timer.stop()
        if self._waiting:
            chunk = self._waiting.popleft()
            self._writer.note(chunk)
            return chunk
        self._timer.cancel()
        if self._final is None and not self._closed:
            self._final = self._writer.final()
        raise StopAsyncIteration

    def close(self) -> Awaitable[None]:
        """Stop the engine at once; do nothing if the stream is over. May be called again.

        The engine is stopped when this returns. The result may be awaited, as in the official
        SDK, but need not be.
        """
        if self._final is None:
            self._closed = True
        self._waiting.clear()
        self._timer.cancel()
        _stop_all(self._sources)
        self._sources.clear()
        return _DONE

    async def aclose(self) -> None:
        """Stop the engine at once; do nothing if the stream is over."""
        self.close()

    async def _leave(self) -> None:
        self.close()

    async def _receive(self) -> None:
        index, source = self._sources[0]
        with self._stopping_on_error():
            try:
                found = await source.__anext__()
            except StopAsyncIteration:
                if self._timer.expired:
                    raise RequestTimeoutError(
                        f"no chunk arrived within {self._timeout} seconds"
                    ) from None
                self._next_source()
                return
            self._take(index, codec.read_piece(found))

    def _take(self, index: int, piece: Piece) -> None:
        if piece.end == "abort":
            raise AbortedError("the engine was stopped while it generated this answer")
        if piece.usage is not None:
            self._usages.append(piece.usage)
        self._end = piece.end or self._end
        self._waiting.extend(self._writer.write(index, piece))

    def _next_source(self) -> None:
        if self._closed:
            return  # closed by another task while this one waited
        index, _ = self._sources.popleft()
        if self._end is None or len(self._usages) <= index:
            raise EngineError("the engine ended an answer without a finish reason or usage")
        self._end = None
        if not self._sources:
            self._waiting.extend(self._writer.end(self._usages))

    @contextmanager
    def _stopping_on_error(self) -> Iterator[None]:
        if self._reading:
            raise RuntimeError("another task is reading this stream")
        self._reading = True
        try:
            yield
        except BaseException:
            self.close()
            raise
        finally:
            self._reading = False


class _Done:
    """An awaitable that is already done; unlike a coroutine it need not be awaited."""

    def __await__(self) -> Generator[None, None, None]:
        yield from ()


_DONE = _Done()


def _stop_all(sources: Iterable[tuple[int, EngineStream]]) -> None:
    for _, source in sources:
        source.close()


def _ignore() -> None:
    pass
