"""How the engine learns that its bridge lost the model: from streams, and from events.

A stream that fails reports it at once; the watcher reports a loss while no stream is read.
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

# Strong references, because an event loop holds its tasks weakly: a watcher runs as long as its
# bridge, which may be longer than the engine.
_watching: set[asyncio.Task[None]] = set()

# After one of these the bridge has no model any more.
_LOSSES = (DeviceLostError, DisposedError, ModelNotLoadedError, WorkerError)


class GuardedStream:
    """A stream of the bridge that reports when it fails because the model is lost.

    Args:
        stream: The stream of the bridge.
        on_loss: Called with the error before it is raised; returns the error to raise instead.
            So everyone who meets the same loss raises the same error.
    """

    def __init__(self, stream: Stream, *, on_loss: Callable[[WebLLMError], WebLLMError]) -> None:
        self._stream = stream
        self._on_loss = on_loss
        self._is_over = self._is_stopped = False

    @property
    def is_over(self) -> bool:
        """True once the stream has ended, failed or been stopped."""
        return self._is_over

    async def next(self) -> str | None:
        """Wait for what has arrived since the last call; None at the end.

        Cancelled, nothing is lost and the work goes on; call `stop` to end it.

        Raises:
            WebLLMError: The work failed.
        """
        try:
            text = await self._stream.next()
        except _LOSSES as error:
            self._is_over = True
            reported = self._on_loss(error)
            if reported is error:
                raise
            raise reported from error
        except WebLLMError:
            self._is_over = True
            raise
        self._is_over = self._is_over or text is None
        return text

    def stop(self) -> None:
        """Stop the work at once. May be called again."""
        if not self._is_stopped:
            self._is_over = self._is_stopped = True
            self._stream.stop()


class Watcher:
    """Reads the events of a bridge in a task, until they end or `close` is called.

    Args:
        events: The stream of the events.
        on_loss: Called with the error of each event.
    """

    def __init__(self, events: Stream, *, on_loss: Callable[[WebLLMError], object]) -> None:
        self._events = events
        self._on_loss = on_loss
        self._task = asyncio.create_task(self._follow(), name="pywebllm watcher")
        _watching.add(self._task)
        self._task.add_done_callback(_watching.discard)

    async def close(self) -> None:
        """Stop watching. May be called again. Cancelled, it stops nevertheless."""
        self._events.stop()
        # Not `await self._task`: cancelling the caller would cancel the task as well.
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
