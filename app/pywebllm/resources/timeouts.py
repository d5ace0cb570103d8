"""How long an answer may take, whole or chunk by chunk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from pywebllm.answers.stream import AnswerStream
from pywebllm.errors import RequestTimeoutError

__all__ = ["started", "whole", "within"]

StreamT = TypeVar("StreamT", bound=AnswerStream[Any, Any])
ChunkT = TypeVar("ChunkT")
FinalT = TypeVar("FinalT")


@asynccontextmanager
async def within(seconds: float | None) -> AsyncIterator[None]:
    """Let what is done inside take so many seconds at most; None: as long as it takes.

    Cancelled, so is that.

    Raises:
        RequestTimeoutError: It took longer, and was cancelled.
    """
    try:
        async with asyncio.timeout(seconds) as limit:
            yield
    except TimeoutError as error:
        if not limit.expired():
            raise
        raise RequestTimeoutError(f"there was no answer within {seconds} seconds") from error


async def started(opening: Awaitable[StreamT], *, timeout: float | None) -> StreamT:  # noqa: ASYNC109
    """Return the stream once its request is made; `timeout` counts for each of its waits.

    Cancelled, the request is taken back.

    Raises:
        RequestTimeoutError: It took longer to make the request.
    """
    async with within(timeout):
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
        RequestTimeoutError: It took longer.
    """
    async with within(timeout), await opening as stream:
        return await stream.read()
