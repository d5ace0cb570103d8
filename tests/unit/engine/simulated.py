"""A bridge that behaves like `webllm_bridge.js`, one step of its engine at a time.

`FakeBridge` lets a test decide what happens on each stream. This one has a queue, shares loads and
holds a model by the same rules as the real one, so that a test can generate arbitrary orders of
events. Models whose id begins with `unknown` are not found; those that begin with `broken` fail
after the old model was freed.
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
    """Both ends of a stream: what is pushed waits until `next` returns it."""

    def __init__(self) -> None:
        self.closed = False
        self.on_closed: list[Callable[[], object]] = []
        self._texts: deque[str] = deque()
        self._error: WebLLMError | None = None
        self._arrival = asyncio.Event()

    def push(self, text: str) -> None:
        """Let a string arrive."""
        if not self.closed:
            self._texts.append(text)
            self._arrival.set()

    def end(self) -> None:
        """Let the stream end."""
        if not self.closed:
            self.closed = True
            self._arrival.set()
            for listener in self.on_closed:
                listener()

    def fail(self, error: WebLLMError) -> None:
        """Let the stream fail after all strings have been read."""
        if not self.closed:
            self._error = error
            self.end()

    async def next(self) -> str | None:
        """Wait for a string, the end or the error."""
        while not self._texts and not self.closed:
            self._arrival.clear()
            await self._arrival.wait()
        if self._texts:
            return self._texts.popleft()
        if self._error is not None:
            raise self._error
        return None

    def stop(self) -> None:
        """Stop the stream."""
        self._texts.clear()
        self._error = None
        self.end()


class _SharedLoad:
    """A load and the streams of all who requested it."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.channels: list[Channel] = []
        self.is_settled = self.is_aborted = False

    def join(self, channel: Channel) -> None:
        self.channels.append(channel)
        channel.push(progress(0))
        channel.on_closed.append(lambda: self._leave(channel))

    def settle(self, error: WebLLMError | None = None) -> None:
        self.is_settled = True
        for channel in list(self.channels):
            if error is None:
                channel.push(progress(1, "ready"))
                channel.end()
            else:
                channel.fail(error)

    def is_needed(self) -> bool:
        return not self.is_aborted

    def _leave(self, channel: Channel) -> None:
        self.channels.remove(channel)
        if not self.channels and not self.is_settled:
            self.is_aborted = True


class SimulatedBridge:
    """One engine and its queue; `step` lets the engine do the next thing it has to do."""

    is_shared = False

    def __init__(self) -> None:
        self.model: str | None = None
        self.is_disposed = False
        self._events = Channel()
        self._channels: list[Channel] = []
        self._queue: deque[Iterator[None]] = deque()
        self._shared: _SharedLoad | None = None
        self._losses = 0

    async def locate(self, model: ModelRecord | None) -> ModelRecord:
        """Return the record, a moment later."""
        await asyncio.sleep(0)
        return BUILTIN if model is None else model

    def load(self, request: str) -> Stream:
        """Queue a load, or join the one that was requested last."""
        channel, key = self._opened(), str(json.loads(request)["model"])
        if self._shared is not None and (self._shared.is_settled or self._shared.is_aborted):
            self._shared = None
        if channel.closed:
            return channel
        if self._shared is None and self.model == key:
            channel.push(progress(1, "ready"))
            channel.end()
            return channel
        if self._shared is None or self._shared.key != key:
            self._shared = _SharedLoad(key)
            self._queue.append(self._load(self._shared))
        self._shared.join(channel)
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

    def in_use_by(self) -> int:
        """Return that nobody else uses the model."""
        return 0

    async def unload(self, *, force: bool) -> None:
        """Do nothing: the engine is not shared."""

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

    def _load(self, load: _SharedLoad) -> Iterator[None]:
        if self.model == load.key:
            return load.settle()
        if not load.is_needed():
            return None
        if load.key.startswith("unknown"):
            return load.settle(ModelNotFoundError(load.key))
        self.model = None
        yield
        if not load.is_needed():
            return None
        if load.key.startswith("broken"):
            return load.settle(DownloadError(load.key))
        self.model = load.key
        return load.settle()

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
