"""Streams and results without `await`: something else waits for them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Iterator
from types import TracebackType
from typing import Generic, Protocol, Self, TypeAlias, TypeVar

from pywebllm.answers.stream import AnswerStream
from pywebllm.types import ChatCompletion, ChatCompletionChunk, Completion

__all__ = ["SyncChatStream", "SyncCompletionStream", "SyncStream", "Wait"]

T = TypeVar("T")
ChunkT = TypeVar("ChunkT")
FinalT = TypeVar("FinalT")


class Wait(Protocol):
    """Runs something to its end and returns its result, while the page goes on."""

    def __call__(self, awaitable: Awaitable[T], /) -> T:
        """Wait for it."""
        ...


class SyncStream(Iterator[ChunkT], Generic[ChunkT, FinalT]):
    """The chunks of an answer, in order: an iterator and a context manager.

    Leaving it early, by `break`, an exception, `with` or `close`, stops the model.
    """

    def __init__(self, stream: AnswerStream[ChunkT, FinalT], wait: Wait) -> None:
        self._stream = stream
        self._wait = wait

    @property
    def text(self) -> str:
        """The text of the first answer that has been read so far."""
        return self._stream.text

    @property
    def final(self) -> FinalT | None:
        """The whole answer once the stream has been read to its end, until then None."""
        return self._stream.final

    def read(self) -> FinalT:
        """Read to the end and return the whole answer; errors are those of `create`."""
        return self._wait(self._stream.read())

    def close(self) -> None:
        """Stop the model, now; nothing happens when the stream is over."""
        self._stream.close()

    def __next__(self) -> ChunkT:
        chunk = self._wait(_next(self._stream))
        if chunk is None:
            raise StopIteration
        return chunk

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


async def _next(stream: AsyncIterator[ChunkT]) -> ChunkT | None:
    async for chunk in stream:
        return chunk
    return None


SyncChatStream: TypeAlias = SyncStream[ChatCompletionChunk, ChatCompletion]
SyncCompletionStream: TypeAlias = SyncStream[Completion, Completion]
