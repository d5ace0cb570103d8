"""Streams and watchers that report a lost bridge; `test_engine` tests what the engine does."""

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
        self.known: WebLLMError | None = None  # a loss that was reported before
        self.stream = GuardedStream(self.source, on_loss=self._on_loss)

    def _on_loss(self, error: WebLLMError) -> WebLLMError:
        self.losses.append(error)
        return self.known or error


async def test_strings_and_the_end_of_a_guarded_stream_pass_unchanged() -> None:
    bench = Bench()
    bench.source.push("a").end()
    assert [await bench.stream.next(), await bench.stream.next()] == ["a", None]


async def test_guarded_stream_is_over_once_it_ended_failed_or_was_stopped() -> None:
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


async def test_cancelled_read_does_not_end_a_guarded_stream() -> None:
    bench = Bench()
    task = asyncio.create_task(bench.stream.next())
    await bench.source.read.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not bench.stream.is_over


async def test_error_that_loses_the_model_is_reported_before_it_is_raised() -> None:
    bench = Bench()
    bench.source.fail(DeviceLostError("gone"))
    with pytest.raises(DeviceLostError) as caught:
        await bench.stream.next()
    assert bench.losses == [caught.value]


async def test_loss_that_was_reported_before_raises_the_first_error() -> None:
    bench = Bench()
    bench.known = DeviceLostError("gone")
    bench.source.fail(DeviceLostError("gone"))
    with pytest.raises(DeviceLostError) as caught:
        await bench.stream.next()
    assert caught.value is bench.known
    assert [caught.value.__cause__] == bench.losses


async def test_other_error_is_raised_and_not_reported_as_a_loss() -> None:
    bench = Bench()
    bench.source.fail(InvalidRequestError("no"))
    with pytest.raises(InvalidRequestError):
        await bench.stream.next()
    assert bench.losses == []


async def test_stop_of_a_guarded_stream_reaches_the_bridge_once_and_at_once() -> None:
    bench = Bench()
    bench.stream.stop()
    assert bench.source.stops == 1
    bench.stream.stop()
    assert bench.source.stops == 1


async def test_cancelled_close_of_a_watcher_ends_it_nevertheless() -> None:
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


async def test_watcher_reports_each_loss_until_it_is_closed() -> None:
    losses: asyncio.Queue[WebLLMError] = asyncio.Queue()
    events = FakeStream().push(loss(message="one"), loss(message="two"))
    watcher = Watcher(events, on_loss=losses.put_nowait)
    assert [(await losses.get()).problem, (await losses.get()).problem] == ["one", "two"]
    await watcher.close()
    await watcher.close()
    assert losses.empty()
