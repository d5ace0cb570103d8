"""A bridge that behaves like `webllm_bridge.js`, one step of its engine at a time.

`FakeBridge` lets a test say what happens on each stream; this one has a queue, joins loads and
keeps a model by the same rules as the real one, so that a test can look at orders of events that
nobody thought of. Models whose id begins with `unknown` are not found; those that begin with
`broken` fail after the old model was freed.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable, Iterator

from pywebllm.bridge import Stream
from pywebllm.errors import (
    DeviceLostError,
    DisposedError,
    DownloadError,
    ModelNotFoundError,
    ModelNotLoadedError,
    WebLLMError,
)
from pywebllm.records import ModelRecord

from tests.unit.fakes import BUILTIN, loss, progress

__all__ = ["Channel", "SimulatedBridge"]


class Channel:
    """Both ends of a stream: what is pushed waits until `next` takes it."""

    def __init__(self) -> None:
        self.closed = False
        self.on_closed: list[Callable[[], object]] = []
        self._texts: deque[str] = deque()
        self._error: WebLLMError | None = None
        self._arrival = asyncio.Event()

    def push(self, text: str) -> None:
        """Let a text arrive."""
        if not self.closed:
            self._texts.append(text)
            self._arrival.set()

    def end(self) -> None:
        """Let it end."""
        if not self.closed:
            self.closed = True
            self._arrival.set()
            for listener in self.on_closed:
                listener()

    def fail(self, error: WebLLMError) -> None:
        """Let it fail once all texts have been taken."""
        if not self.closed:
            self._error = error
            self.end()

    async def next(self) -> str | None:
        """Wait for a text, the end or the failure."""
        while not self._texts and not self.closed:
            self._arrival.clear()
            await self._arrival.wait()
        if self._texts:
            return self._texts.popleft()
        if self._error is not None:
            raise self._error
        return None

    def stop(self) -> None:
        """Give it up."""
        self._texts.clear()
        self._error = None
        self.end()


class _Flight:
    """A load and everyone who waits for it."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.passengers: list[Channel] = []
        self.is_settled = self.is_aborted = False

    def board(self, channel: Channel) -> None:
        self.passengers.append(channel)
        channel.push(progress(0))
        channel.on_closed.append(lambda: self._leave(channel))

    def settle(self, error: WebLLMError | None = None) -> None:
        self.is_settled = True
        for passenger in list(self.passengers):
            if error is None:
                passenger.push(progress(1, "ready"))
                passenger.end()
            else:
                passenger.fail(error)

    def is_wanted(self) -> bool:
        return not self.is_aborted

    def _leave(self, channel: Channel) -> None:
        self.passengers.remove(channel)
        if not self.passengers and not self.is_settled:
            self.is_aborted = True


class SimulatedBridge:
    """One engine and its queue; `step` lets the engine do the next thing it has to do."""

    def __init__(self) -> None:
        self.model: str | None = None
        self.is_disposed = False
        self._events = Channel()
        self._channels: list[Channel] = []
        self._queue: deque[Iterator[None]] = deque()
        self._flight: _Flight | None = None
        self._losses = 0

    async def locate(self, model: ModelRecord | None) -> ModelRecord:
        """Return the record, a moment later."""
        await asyncio.sleep(0)
        return BUILTIN if model is None else model

    def load(self, request: str) -> Stream:
        """Queue a load, or join the one that was asked for last."""
        channel, key = self._opened(), str(json.loads(request)["model"])
        if self._flight is not None and (self._flight.is_settled or self._flight.is_aborted):
            self._flight = None
        if channel.closed:
            return channel
        if self._flight is None and self.model == key:
            channel.push(progress(1, "ready"))
            channel.end()
            return channel
        if self._flight is None or self._flight.key != key:
            self._flight = _Flight(key)
            self._queue.append(self._load(self._flight))
        self._flight.board(channel)
        return channel

    def generate(self, request: str) -> Stream:
        """Queue a generation; its chunks name the model that made them."""
        channel = self._opened()
        wanted = str(json.loads(request)["request"]["model"])
        self._queue.append(self._generate(channel, wanted, self._losses))
        return channel

    def query(self, request: str) -> Stream:
        """Answer at once."""
        channel = self._opened()
        channel.push("{}")
        channel.end()
        return channel

    def watch(self) -> Stream:
        """Return the events."""
        return self._events

    async def dispose(self) -> None:
        """End everything, a moment later."""
        self.is_disposed = True
        for channel in self._channels:
            channel.fail(DisposedError("the bridge was disposed"))
        self._queue.clear()
        self.model = None
        self._events.push('[{"type": "disposed"}]')
        self._events.end()
        await asyncio.sleep(0)

    def step(self) -> bool:
        """Do the next thing; return False when there is nothing to do."""
        while self._queue:
            for _ in self._queue[0]:
                return True
            self._queue.popleft()
        return False

    def lose(self) -> None:
        """Lose the device."""
        if self.model is not None:
            self.model = None
            self._losses += 1
            self._events.push(loss())

    def _opened(self) -> Channel:
        channel = Channel()
        self._channels.append(channel)
        if self.is_disposed:
            channel.fail(DisposedError("the bridge was disposed"))
        return channel

    def _load(self, flight: _Flight) -> Iterator[None]:
        if self.model == flight.key:
            return flight.settle()
        if not flight.is_wanted():
            return None
        if flight.key.startswith("unknown"):
            return flight.settle(ModelNotFoundError(flight.key))
        self.model = None
        yield
        if not flight.is_wanted():
            return None
        if flight.key.startswith("broken"):
            return flight.settle(DownloadError(flight.key))
        self.model = flight.key
        return flight.settle()

    def _generate(self, channel: Channel, wanted: str, losses: int) -> Iterator[None]:
        for _ in range(2):
            if channel.closed:
                return
            if self.model != wanted:
                is_lost = self.model is None and self._losses > losses
                error = DeviceLostError if is_lost else ModelNotLoadedError
                channel.fail(error("there is no model"))
                return
            channel.push(json.dumps([{"model": self.model}]))
            yield
        channel.end()
