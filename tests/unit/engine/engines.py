"""An engine over fake bridges, for tests of the engine and of its requests."""

from __future__ import annotations

import asyncio
from typing import Any

from pywebllm.engine.engine import Engine
from pywebllm.engine.streams import EngineStream
from pywebllm.errors import WebLLMError

from tests.unit.fakes import FakeBridge, FakeStream

__all__ = ["Bench", "SlowBridge", "read"]


class SlowBridge(FakeBridge):
    """A bridge whose disposal ends when the test allows it."""

    def __init__(self, *, loads: asyncio.Queue[FakeStream]) -> None:
        super().__init__(loads=loads)
        self.disposing = asyncio.Event()
        self.may_end = asyncio.Event()

    async def dispose(self) -> None:
        self.disposing.set()
        await self.may_end.wait()
        await super().dispose()


class Bench:
    """An engine, and the fake bridges that it opened."""

    def __init__(self) -> None:
        self.bridges: list[FakeBridge] = []
        self.loads: asyncio.Queue[FakeStream] = asyncio.Queue()  # of all bridges
        self.failures: list[WebLLMError] = []
        self.engine = Engine(self._open)
        self.losses: list[WebLLMError] = []
        self.engine.lost.subscribe(self.losses.append)
        self.may_open = asyncio.Event()
        self.may_open.set()
        self.opened = asyncio.Event()
        self.slow: SlowBridge | None = None  # the next to be opened

    async def _open(self) -> FakeBridge:
        await asyncio.sleep(0)  # two concurrent loads could both open a bridge here
        await self.may_open.wait()
        if self.failures:
            raise self.failures.pop()
        slow, self.slow = self.slow, None
        self.bridges.append(slow or FakeBridge(loads=self.loads))
        self.opened.set()
        return self.bridges[-1]

    @property
    def bridge(self) -> FakeBridge:
        return self.bridges[-1]

    def is_loaded(self) -> bool:
        # A method, because mypy assumes that an asserted property does not change.
        return self.engine.is_loaded

    async def start(self, model: str | None = None) -> tuple[asyncio.Task[None], FakeStream]:
        """Begin a load; return its task and its stream, once the engine reads it."""
        task = asyncio.create_task(self.engine.load(model))
        stream = await self.loads.get()
        await stream.read.wait()
        return task, stream

    async def load(self, model: str | None = None) -> None:
        task, stream = await self.start(model)
        stream.end()
        await task

    def ask(self, model: str | None = None) -> EngineStream:
        """Return a request that has not been made yet."""
        return self.engine.stream("chat.completions", {}, model=model)


async def read(stream: EngineStream) -> list[dict[str, Any]]:
    """Read a stream to its end."""
    return [found async for found in stream]
