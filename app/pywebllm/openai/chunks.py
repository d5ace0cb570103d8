"""The events of the chat and completions endpoints: one per chunk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pywebllm.answers.stream import AnswerStream

from .sse import Event

__all__ = ["ChunkEvents"]


class ChunkEvents:
    """The chunks of an answer as JSON objects.

    Args:
        stream: The answer.
        has_usage: True if the request asks for the usage, which then is null in all chunks but
            the last.
        form: Changes each chunk.
    """

    def __init__(
        self,
        stream: AnswerStream[Any, Any],
        *,
        has_usage: bool = False,
        form: Callable[[Event], Event] = dict,
    ) -> None:
        self._stream = stream
        self._has_usage = has_usage
        self._form = form

    async def __anext__(self) -> Event:
        event = self._form((await anext(self._stream)).to_dict())
        return {**event, "usage": event.get("usage")} if self._has_usage else event

    def close(self) -> None:
        """Stop the answer at once."""
        self._stream.close()
