"""Synchronous streams: iterators over the chunks of an answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Generic, TypeAlias, TypeVar

from pywebllm.answers.stream import AnswerStream
from pywebllm.closing import Closing
from pywebllm.types import ChatCompletion, ChatCompletionChunk, Completion
from pywebllm.waiting import Wait

from .documentation import documented_as

__all__ = ["SyncChatStream", "SyncCompletionStream", "SyncStream", "Wait"]

ChunkT = TypeVar("ChunkT")
FinalT = TypeVar("FinalT")


class SyncStream(Closing, Iterator[ChunkT], Generic[ChunkT, FinalT]):
    """The chunks of all answers to one request, in order and complete.

    An iterator and a context manager. Whatever ends reading early stops the model: `break`, an
    exception, leaving `with`, or `close()`. What has been read stays in `text`.
    """

    def __init__(self, stream: AnswerStream[ChunkT, FinalT], wait: Wait) -> None:
        self._stream = stream
        self._wait = wait

    @property
    def text(self) -> str:
        """The text of the first answer, as far as it has been read."""
        return self._stream.text

    @property
    def final(self) -> FinalT | None:
        """The complete response once the stream has been read to its end; None until then."""
        return self._stream.final

    @documented_as(AnswerStream.read)
    def read(self) -> FinalT:
        """Read to the end and return the complete response."""
        return self._wait(self._stream.read())

    def close(self) -> None:
        """Stop the model at once; do nothing if the stream is over. May be called again."""
        self._stream.close()

    def __next__(self) -> ChunkT:
        chunk = self._wait(_next(self._stream))
        if chunk is None:
            raise StopIteration
        return chunk

    def _leave(self, error: BaseException | None) -> None:
        del error
        self.close()


async def _next(stream: AsyncIterator[ChunkT]) -> ChunkT | None:
    async for chunk in stream:
        return chunk
    return None


SyncChatStream: TypeAlias = SyncStream[ChatCompletionChunk, ChatCompletion]
SyncCompletionStream: TypeAlias = SyncStream[Completion, Completion]
