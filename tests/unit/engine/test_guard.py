"""Streams whose bridge may be lost; what the engine makes of it is in `test_engine`."""

from __future__ import annotations

import asyncio

import pytest
from pywebllm.engine.guard import GuardedStream, Watcher
from pywebllm.errors import DeviceLostError, InvalidRequestError, WebLLMError

from tests.unit.fakes import FakeStream, loss

pytestmark = pytest.mark.timeout(20)


class Bench:
    def __init__(self) -> None:
        self.source = FakeStream()
        self.losses: list[WebLLMError] = []
        self.told: WebLLMError | None = None
        self.stream = GuardedStream(self.source, on_loss=self._on_loss)

    def _on_loss(self, error: WebLLMError) -> WebLLMError:
        self.losses.append(error)
        return self.told or error


async def test_texts_and_the_end_pass_unchanged() -> None:
    bench = Bench()
    bench.source.push("a").end()
    assert [await bench.stream.next(), await bench.stream.next()] == ["a", None]


async def test_it_is_over_once_it_has_ended_failed_or_been_stopped() -> None:
    ended, failed, lost, stopped = (Bench() for _ in range(4))
    ended.source.push("a").end()
    await ended.stream.next()
    assert not ended.stream.is_over
    await ended.stream.next()
    failed.source.fail(InvalidRequestError("no"))
    lost.source.fail(DeviceLostError("gone"))
    for bench in (failed, lost):
        with pytest.raises(WebLLMError):
            await bench.stream.next()
    stopped.stream.stop()
    assert all(bench.stream.is_over for bench in (ended, failed, lost, stopped))


async def test_a_cancelled_read_is_not_the_end() -> None:
    bench = Bench()
    task = asyncio.create_task(bench.stream.next())
    await bench.source.read.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not bench.stream.is_over


async def test_a_failure_that_loses_the_model_is_told_before_it_is_raised() -> None:
    bench = Bench()
    bench.source.fail(DeviceLostError("gone"))
    with pytest.raises(DeviceLostError) as caught:
        await bench.stream.next()
    assert bench.losses == [caught.value]


async def test_a_loss_that_was_told_before_is_raised_as_it_was_told() -> None:
    bench = Bench()
    bench.told = DeviceLostError("gone")
    bench.source.fail(DeviceLostError("gone"))
    with pytest.raises(DeviceLostError) as caught:
        await bench.stream.next()
    assert caught.value is bench.told
    assert [caught.value.__cause__] == bench.losses


async def test_another_failure_is_only_raised() -> None:
    bench = Bench()
    bench.source.fail(InvalidRequestError("no"))
    with pytest.raises(InvalidRequestError):
        await bench.stream.next()
    assert bench.losses == []


async def test_stop_reaches_the_stream_at_once() -> None:
    bench = Bench()
    bench.stream.stop()
    assert bench.source.stops == 1
    bench.stream.stop()
    assert bench.source.stops == 1


async def test_closing_a_watcher_may_be_cancelled_and_the_watcher_ends_all_the_same() -> None:
    events = FakeStream()
    watcher = Watcher(events, on_loss=print)
    await events.read.wait()
    closing = asyncio.create_task(watcher.close())
    await asyncio.sleep(0)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    assert events.stops
    await watcher.close()


async def test_a_watcher_tells_each_loss_until_it_is_closed() -> None:
    losses: asyncio.Queue[WebLLMError] = asyncio.Queue()
    events = FakeStream().push(loss(message="one"), loss(message="two"))
    watcher = Watcher(events, on_loss=losses.put_nowait)
    assert [(await losses.get()).problem, (await losses.get()).problem] == ["one", "two"]
    await watcher.close()
    await watcher.close()
    assert losses.empty()
