"""Answers while they are written: chunks, or just their text.

Both are async iterators and async context managers. Whatever ends the reading early also ends
the writing: `break`, an exception, cancellation, a timeout, `aclose()`, or dropping the stream.
That stop is synchronous and lives in one place, `ChunkStream._close`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections import deque
from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import Self, TypeVar

from . import wire
from .bridge import Stream
from .errors import WebLLMError
from .values import ChatChunk, Completion, FinishReason, Usage

__all__ = ["ChunkStream", "TextStream"]

T_co = TypeVar("T_co", covariant=True)


class _Stream(AsyncIterator[T_co]):
    """An async iterator that `async with` closes."""

    @abstractmethod
    async def aclose(self) -> None:
        """Stop the answer; nothing happens when it is over. Takes effect at once."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()


class ChunkStream(_Stream[ChatChunk]):
    """The chunks of one answer, in order, none left out.

    The request is made when the first chunk is asked for. Only one task may read. Cancelling
    a read stops the answer; what had arrived stays in `text`.
    """

    # For `__del__`, should `__init__` not get far enough.
    _stream: Stream | None = None

    def __init__(self, start: Callable[[], Stream]) -> None:
        self._start: Callable[[], Stream] | None = start
        self._waiting: deque[ChatChunk] = deque()
        self._reading = False
        self._texts: list[str] = []
        self._finish_reason: FinishReason | None = None
        self._usage: Usage | None = None
        self._final: Completion | None = None

    @property
    def text(self) -> str:
        """The text that has been read so far."""
        return "".join(self._texts)

    @property
    def final(self) -> Completion | None:
        """The whole answer once the stream has been read to its end, until then None."""
        return self._final

    async def __anext__(self) -> ChatChunk:
        """Return the next chunk.

        Cancelled, it stops the answer; the engine is free for the next request.

        Raises:
            WebLLMError: The answer failed; the stream is over.
            RuntimeError: Another task is reading this stream.
        """
        while not self._waiting:
            if not await self._receive():
                raise StopAsyncIteration
        chunk = self._waiting.popleft()
        self._note(chunk)
        return chunk

    async def aclose(self) -> None:
        """Stop the answer; nothing happens when it is over. Takes effect at once."""
        self._close()

    def __del__(self) -> None:
        # `async for … break` drops the stream without a word; this runs at that very moment.
        if self._stream is not None:
            self._stream.stop()

    async def _receive(self) -> bool:
        stream = self._opened()
        if stream is None:
            return False
        going_on = False
        self._reading = True
        try:
            text = await stream.next()
            chunks = [] if text is None else wire.read_chunks(text)
            going_on = text is not None
        finally:
            self._reading = False
            closed_meanwhile = self._stream is None
            if not going_on:
                self._close()
        if closed_meanwhile:
            return False
        if not going_on:
            self._finish()
        self._waiting.extend(chunks)
        return going_on

    def _opened(self) -> Stream | None:
        if self._reading:
            raise RuntimeError("another task is reading this stream")
        if self._start is not None:
            self._stream, self._start = self._start(), None
        return self._stream

    def _note(self, chunk: ChatChunk) -> None:
        self._texts.append(chunk.text)
        self._usage = chunk.usage or self._usage
        for choice in chunk.choices:
            if choice.index == 0:
                self._finish_reason = choice.finish_reason or self._finish_reason

    def _finish(self) -> None:
        self._final = Completion(
            text=self.text, finish_reason=self._finish_reason, usage=self._usage
        )

    def _close(self) -> None:
        stream, self._stream, self._start = self._stream, None, None
        self._waiting.clear()
        if stream is not None:
            stream.stop()


class TextStream(_Stream[str]):
    """The text of one answer, piece by piece; empty pieces are left out.

    `on_end` hears the whole answer when the stream has been read to its end, `on_error` what
    it failed with. Cancelling a read stops the answer; what had arrived stays in `text`.
    """

    def __init__(
        self,
        chunks: ChunkStream,
        *,
        on_end: Callable[[Completion], object] | None = None,
        on_error: Callable[[WebLLMError], object] | None = None,
    ) -> None:
        self._chunks = chunks
        self._on_end = on_end
        self._on_error = on_error

    @property
    def text(self) -> str:
        """The text that has been read so far."""
        return self._chunks.text

    @property
    def final(self) -> Completion | None:
        """The whole answer once the stream has been read to its end, until then None."""
        return self._chunks.final

    @property
    def usage(self) -> Usage | None:
        """What the answer used, once the stream has been read to its end, until then None."""
        return None if self.final is None else self.final.usage

    async def __anext__(self) -> str:
        """Return the next piece of text.

        Cancelled, it stops the answer; the engine is free for the next request.

        Raises:
            WebLLMError: The answer failed; the stream is over.
            RuntimeError: Another task is reading this stream.
        """
        try:
            return await self._piece()
        except StopAsyncIteration:
            self._ended()
            raise
        except WebLLMError as error:
            if self._on_error is not None:
                self._on_error(error)
            raise

    async def aclose(self) -> None:
        """Stop the answer; nothing happens when it is over. Takes effect at once."""
        await self._chunks.aclose()

    async def _piece(self) -> str:
        while True:
            chunk = await anext(self._chunks)
            if chunk.text:
                return chunk.text

    def _ended(self) -> None:
        if self.final is not None and self._on_end is not None:
            self._on_end(self.final)
            self._on_end = None
