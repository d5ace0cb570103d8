"""How long an answer may take, whole or chunk by chunk."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

from pywebllm.answers.stream import AnswerStream

__all__ = ["started", "whole"]

StreamT = TypeVar("StreamT", bound=AnswerStream[Any, Any])
ChunkT = TypeVar("ChunkT")
FinalT = TypeVar("FinalT")


async def started(opening: Awaitable[StreamT], *, timeout: float | None) -> StreamT:  # noqa: ASYNC109
    """Return the stream once its request is made; `timeout` counts for each of its waits.

    Cancelled, the request is taken back.

    Raises:
        TimeoutError: It took longer to make the request.
    """
    async with asyncio.timeout(timeout):
        stream = await opening
    stream.timeout = timeout
    return stream


async def whole(
    opening: Awaitable[AnswerStream[ChunkT, FinalT]],
    *,
    timeout: float | None,  # noqa: ASYNC109
) -> FinalT:
    """Return the whole answer; `timeout` counts for all of it, loading the model included.

    Cancelled, the engine stops.

    Raises:
        TimeoutError: It took longer.
    """
    async with asyncio.timeout(timeout), await opening as stream:
        return await stream.read()
