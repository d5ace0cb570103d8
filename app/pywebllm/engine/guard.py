"""How the engine learns that its bridge lost the model: by the streams, and by watching.

A stream that fails says so at once; the watcher hears of a loss while nothing runs.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from pywebllm import wire
from pywebllm.bridge import Stream
from pywebllm.errors import (
    DeviceLostError,
    DisposedError,
    ModelNotLoadedError,
    WebLLMError,
    WorkerError,
)

__all__ = ["GuardedStream", "Watcher"]

_logger = logging.getLogger("pywebllm")

# An event loop holds its tasks weakly, and those who are told may be gone before the bridge is.
_watching: set[asyncio.Task[None]] = set()

# After one of these the bridge has no model any more.
_LOSSES = (DeviceLostError, DisposedError, ModelNotLoadedError, WorkerError)


class GuardedStream:
    """A stream that tells `on_loss` when it fails because the model is gone.

    `on_loss` returns the error to raise: one loss is one error, whoever heard of it first.
    """

    def __init__(self, stream: Stream, *, on_loss: Callable[[WebLLMError], WebLLMError]) -> None:
        self._stream = stream
        self._on_loss = on_loss
        self._is_over = self._is_stopped = False

    @property
    def is_over(self) -> bool:
        """True once it has ended, failed or been stopped."""
        return self._is_over

    async def next(self) -> str | None:
        """Wait for what has arrived since the last call; None at the end.

        Cancelled, it loses nothing and does not stop the work; call `stop` for that.

        Raises:
            WebLLMError: The work failed.
        """
        try:
            text = await self._stream.next()
        except _LOSSES as error:
            self._is_over = True
            told = self._on_loss(error)
            if told is error:
                raise
            raise told from error
        except WebLLMError:
            self._is_over = True
            raise
        self._is_over = self._is_over or text is None
        return text

    def stop(self) -> None:
        """Give the work up, now. May be called again."""
        if not self._is_stopped:
            self._is_over = self._is_stopped = True
            self._stream.stop()


class Watcher:
    """Follows the events of a bridge in a task of its own, until they end or `close`."""

    def __init__(self, events: Stream, *, on_loss: Callable[[WebLLMError], object]) -> None:
        self._events = events
        self._on_loss = on_loss
        self._task = asyncio.create_task(self._follow(), name="pywebllm watcher")
        _watching.add(self._task)
        self._task.add_done_callback(_watching.discard)

    async def close(self) -> None:
        """Stop watching. May be called again. Cancelled, it has stopped all the same."""
        self._events.stop()
        # Awaited itself, the task would be cancelled with who waits for it.
        await asyncio.wait([self._task])

    async def _follow(self) -> None:
        try:
            while (text := await self._events.next()) is not None:
                for event in wire.read_events(text):
                    self._on_loss(event)
        except WebLLMError as error:
            _logger.exception("The bridge reports no more events")
            self._on_loss(error)
        finally:
            self._events.stop()
