"""The events of the chat and completions endpoints: each chunk as it is."""

from __future__ import annotations

from typing import Any

from pywebllm import codec
from pywebllm.answers.stream import AnswerStream

from .sse import Event

__all__ = ["ChunkEvents"]


class ChunkEvents:
    """The chunks of an answer as JSON objects."""

    def __init__(self, stream: AnswerStream[Any, Any]) -> None:
        self._stream = stream

    async def __anext__(self) -> Event:
        return codec.dump(await anext(self._stream))

    def close(self) -> None:
        """Stop the answer, now."""
        self._stream.close()
