"""A request on its way, and how everything that it began ends with it."""

from __future__ import annotations

import asyncio

import pytest
from pywebllm.bridge import Stream
from pywebllm.engine.asking import Asking
from pywebllm.engine.guard import GuardedStream
from pywebllm.errors import AbortedError, DownloadError, WebLLMError

from tests.unit.fakes import FakeStream

pytestmark = pytest.mark.timeout(20)


class Bench:
    def __init__(self, failure: WebLLMError | None = None) -> None:
        self.source = FakeStream()
        self.failure = failure
        self.may_end = asyncio.Event()
        self.asking = Asking(self._make)

    async def _make(self, asking: Asking) -> Stream:
        stream = asking.hold(GuardedStream(self.source, on_loss=lambda error: error))
        await self.may_end.wait()
        asking.check()
        if self.failure is not None:
            raise self.failure
        return stream


async def test_what_was_made_is_returned_and_goes_on() -> None:
    bench = Bench()
    bench.may_end.set()
    bench.source.push("a")
    assert await (await bench.asking.start()).next() == "a"
    assert bench.source.stops == 0


async def test_a_failure_stops_what_was_begun() -> None:
    bench = Bench(DownloadError("no network"))
    bench.may_end.set()
    with pytest.raises(DownloadError):
        await bench.asking.start()
    assert bench.source.stops == 1


async def test_cancelling_stops_what_was_begun() -> None:
    bench = Bench()
    task = asyncio.create_task(bench.asking.start())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert bench.source.stops == 1


async def test_stopping_from_elsewhere_takes_effect_at_once_and_is_told() -> None:
    bench = Bench()
    task = asyncio.create_task(bench.asking.start())
    await asyncio.sleep(0)
    bench.asking.stop()
    bench.asking.stop()
    assert bench.source.stops == 1
    bench.may_end.set()
    with pytest.raises(AbortedError):
        await task
