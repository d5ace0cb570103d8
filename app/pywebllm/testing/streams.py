"""Streams of a scripted engine: they end at once when they are stopped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from pywebllm.errors import WebLLMError

__all__ = ["ScriptedStream"]


class ScriptedStream:
    """A stream of the bridge over an iterator; see `pywebllm.bridge.Stream`.

    Args:
        source: What arrives, made when it is first read.
    """

    def __init__(self, source: AsyncIterator[str]) -> None:
        self._source = source
        self._step: asyncio.Task[str | None] | None = None
        self._error: WebLLMError | None = None
        self._is_over = False

    async def next(self) -> str | None:
        """Wait for what arrives next; None at the end. Cancelled, nothing is lost."""
        if self._is_over:
            return self._raise_error()
        if self._step is None:
            self._step = asyncio.ensure_future(_next(self._source))
        # Cancelled, the step is kept, and the next call waits for it.
        await asyncio.wait([self._step])
        if self._error is not None or self._step.cancelled():
            return self._raise_error()
        step, self._step = self._step, None
        try:
            found = step.result()
        except BaseException:
            self._is_over = True
            raise
        self._is_over = found is None
        return found

    def stop(self) -> None:
        """End the stream."""
        self._is_over = True
        if self._step is not None:
            self._step.cancel()

    def fail(self, error: WebLLMError) -> None:
        """End the stream with an error, unless it is over."""
        if not self._is_over:
            self._error = error
            self.stop()

    def _raise_error(self) -> str | None:
        error, self._error = self._error, None
        if error is not None:
            raise error
        return None


async def _next(source: AsyncIterator[str]) -> str | None:
    try:
        return await anext(source)
    except StopAsyncIteration:
        return None
