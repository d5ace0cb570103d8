"""Timeouts of requests: for the whole answer, or for each chunk of a stream."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from pywebllm.answers.stream import AnswerStream
from pywebllm.errors import RequestTimeoutError
from pywebllm.request.checks import refuse_value

__all__ = ["loading", "read_stall_timeout", "read_timeout", "started", "whole", "within"]

StreamT = TypeVar("StreamT", bound=AnswerStream[Any, Any])
ChunkT = TypeVar("ChunkT")
FinalT = TypeVar("FinalT")


def read_timeout(seconds: object, default: float | None = None) -> float | None:
    """Return a timeout in seconds, None to wait indefinitely.

    Args:
        seconds: The timeout as given: a number greater than 0, infinity included, or None for
            the default.
        default: The timeout to use for None.

    Raises:
        InvalidRequestError: `seconds` is neither None nor a number greater than 0.
    """
    if seconds is None:
        return default
    return _finite("timeout", "a number of seconds greater than 0", seconds)


def read_stall_timeout(seconds: object) -> float:
    """Return the seconds without any progress, after which a load fails; 0 to wait indefinitely.

    Args:
        seconds: A number greater than 0, infinity included, or None to wait indefinitely.

    Raises:
        InvalidRequestError: `seconds` is neither None nor a number greater than 0.
    """
    if seconds is None:
        return 0.0
    return _finite("stall_timeout", "a number of seconds greater than 0, or None", seconds) or 0.0


def _finite(path: str, must_be: str, seconds: object) -> float | None:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds > 0:
        refuse_value(path, must_be, seconds)
    # Browsers fire a timer with an infinite delay at once.
    return None if seconds > sys.float_info.max else float(seconds)


@asynccontextmanager
async def within(seconds: float | None) -> AsyncIterator[None]:
    """Limit the duration of the block to so many seconds; None: no limit.

    Cancellation of the block passes through.

    Raises:
        RequestTimeoutError: The block took longer and was cancelled.
    """
    async with _limited(seconds, RequestTimeoutError(f"no answer within {seconds} seconds")):
        yield


@asynccontextmanager
async def loading(seconds: float | None) -> AsyncIterator[None]:
    """Limit a load to so many seconds; None: no limit.

    Cancellation of the block passes through.

    Raises:
        RequestTimeoutError: The load took longer and was cancelled.
    """
    late = RequestTimeoutError(
        f"the model was not loaded within {seconds or 0:g} seconds",
        advice="Load again, with a longer `timeout` or none: completed downloads are cached.",
    )
    async with _limited(seconds, late):
        yield


@asynccontextmanager
async def _limited(seconds: float | None, late: RequestTimeoutError) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(seconds) as limit:
            yield
    except TimeoutError as error:
        if not limit.expired():
            raise
        raise late from error


async def started(opening: Awaitable[StreamT], *, timeout: float | None) -> StreamT:  # noqa: ASYNC109
    """Return the stream once its request has been made.

    `timeout`, in seconds, applies to this wait and then to the wait for each chunk. On
    cancellation the request is withdrawn.

    Raises:
        RequestTimeoutError: The request was not made in time.
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
    """Return the whole answer; `timeout`, in seconds, includes loading the model.

    On cancellation the engine stops.

    Raises:
        RequestTimeoutError: The answer was not complete in time.
    """
    async with within(timeout), await opening as stream:
        return await stream.read()
