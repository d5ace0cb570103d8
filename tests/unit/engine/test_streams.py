"""Opening, reading, closing and dropping the chunks of one request to the engine."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pywebllm.bridge import Stream
from pywebllm.engine.streams import EngineStream
from pywebllm.errors import AbortedError, DeviceLostError, DownloadError, EngineError

from tests.unit.fakes import FakeStream

pytestmark = pytest.mark.timeout(20)


class Bench:
    """A stream and its request, which is made when the test allows it."""

    def __init__(self) -> None:
        self.source = FakeStream()
        self.load = FakeStream()  # held while the request is made
        self.starts = 0
        self.starting = asyncio.Event()
        self.may_start = asyncio.Event()
        self.may_start.set()
        self.failure: DownloadError | None = None
        self.stream = EngineStream(self.start)

    async def start(self, stream: EngineStream) -> Stream:
        self.starts += 1
        stream.hold(self.load)
        self.starting.set()
        await self.may_start.wait()
        if self.failure is not None:
            raise self.failure
        return self.source

    async def read(self) -> list[dict[str, Any]]:
        return [found async for found in self.stream]


@contextmanager
def no_garbage_collection() -> Iterator[None]:
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


async def test_stream_yields_every_chunk_in_order_as_it_was_sent() -> None:
    bench = Bench()
    bench.source.push('[{"a": 1}, {"b": null}]', "[]", '[{"c": [2.5]}]').end()
    assert await bench.read() == [{"a": 1}, {"b": None}, {"c": [2.5]}]
    assert bench.source.stops == 1
    assert await bench.read() == []


async def test_chunks_of_one_batch_cross_together() -> None:
    bench = Bench()
    bench.source.push("[{}, {}, {}]")
    # One string for three chunks: after the first, nothing is awaited.
    for _ in range(3):
        await anext(bench.stream)
    assert not bench.source.read.is_set()


async def test_request_is_made_once_by_open_or_by_the_first_read() -> None:
    opened, read = Bench(), Bench()
    assert (opened.starts, read.starts) == (0, 0)
    await opened.stream.open()
    await opened.stream.open()
    for bench in (opened, read):
        bench.source.push("[{}]").end()
        assert await bench.read() == [{}]
        assert bench.starts == 1


async def test_opening_a_stream_that_is_over_makes_no_request() -> None:
    bench = Bench()
    bench.source.end()
    await bench.read()
    await bench.stream.open()
    assert bench.starts == 1


async def test_stream_closed_before_it_is_opened_never_makes_a_request() -> None:
    bench = Bench()
    bench.stream.close()
    await bench.stream.open()
    assert await bench.read() == []
    assert bench.starts == 0


async def test_request_that_could_not_be_made_is_raised_once_and_the_stream_is_over() -> None:
    bench = Bench()
    bench.failure = DownloadError("no network")
    with pytest.raises(DownloadError):
        await bench.stream.open()
    assert await bench.read() == []
    assert bench.starts == 1


async def test_cancelling_open_closes_the_stream() -> None:
    bench = Bench()
    bench.may_start.clear()
    task = asyncio.create_task(bench.stream.open())
    await bench.starting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await bench.read() == []
    assert bench.starts == 1


async def test_request_that_is_made_stops_none_of_its_streams() -> None:
    bench = Bench()
    bench.source.push("[{}]")
    await bench.stream.open()
    assert await anext(bench.stream) == {}
    assert (bench.source.stops, bench.load.stops) == (0, 0)


async def test_request_that_fails_stops_the_streams_that_it_opened() -> None:
    bench = Bench()
    bench.failure = DownloadError("no network")
    with pytest.raises(DownloadError):
        await bench.stream.open()
    assert bench.load.stops == 1


async def test_cancelling_open_stops_the_streams_that_it_opened() -> None:
    bench = Bench()
    bench.may_start.clear()
    task = asyncio.create_task(bench.stream.open())
    await bench.starting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert bench.load.stops == 1


async def test_closing_a_stream_that_is_opening_stops_its_request_at_once() -> None:
    bench = Bench()
    bench.may_start.clear()
    task = asyncio.create_task(bench.read())
    await bench.starting.wait()
    bench.stream.close()
    bench.stream.close()
    assert bench.load.stops == 1
    bench.may_start.set()
    assert await task == []
    assert bench.source.stops == 1


async def test_request_can_check_whether_its_stream_was_closed() -> None:
    source = FakeStream()
    aborted: list[AbortedError] = []

    async def start(stream: EngineStream) -> Stream:
        stream.check_open()
        stream.close()
        try:
            stream.check_open()
        except AbortedError as error:
            aborted.append(error)
            raise
        return source

    await EngineStream(start).open()
    assert len(aborted) == 1


async def test_error_of_a_closed_stream_is_ignored() -> None:
    opening, reading = Bench(), Bench()
    opening.may_start.clear()
    opening.failure = DownloadError("stopped")
    tasks = [asyncio.create_task(bench.read()) for bench in (opening, reading)]
    await opening.starting.wait()
    await reading.source.read.wait()
    reading.source.fail(DeviceLostError("gone"))
    for bench in (opening, reading):
        bench.stream.close()
    opening.may_start.set()
    assert await asyncio.gather(*tasks) == [[], []]


async def test_closing_an_open_stream_stops_only_its_chunks() -> None:
    bench = Bench()
    await bench.stream.open()
    bench.stream.close()
    bench.stream.close()
    assert (bench.load.stops, bench.source.stops) == (0, 1)


async def test_closed_stream_yields_nothing_not_even_chunks_that_had_arrived() -> None:
    bench = Bench()
    bench.source.push("[{}, {}]")
    await anext(bench.stream)
    bench.stream.close()
    assert await bench.read() == []


async def test_break_stops_the_work_at_once() -> None:
    source = FakeStream().push("[{}, {}]")

    async def start(stream: EngineStream) -> Stream:
        return source

    with no_garbage_collection():
        async for _ in EngineStream(start):
            break
        assert source.stops == 1


async def test_dropping_a_stream_that_was_opened_stops_the_work_at_once() -> None:
    bench = Bench()
    with no_garbage_collection():
        await bench.stream.open()
        del bench.stream
        assert bench.source.stops == 1


async def test_cancelling_the_reader_of_a_stream_stops_the_work() -> None:
    bench = Bench()
    task = asyncio.create_task(bench.read())
    await bench.source.read.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert bench.source.stops == 1
    assert await bench.read() == []


async def test_timeout_of_the_reader_stops_the_work() -> None:
    bench = Bench()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await bench.read()
    assert bench.source.stops == 1


async def test_closing_a_stream_in_another_task_ends_its_reader() -> None:
    bench = Bench()
    task = asyncio.create_task(bench.read())
    await bench.source.read.wait()
    bench.stream.close()
    assert await task == []


async def test_chunk_that_arrives_as_the_stream_is_closed_is_dropped() -> None:
    bench = Bench()
    task = asyncio.create_task(bench.read())
    await bench.source.read.wait()
    bench.source.push("[{}]")
    bench.stream.close()
    assert await task == []


async def test_error_is_raised_after_the_chunks_that_had_arrived_and_ends_the_stream() -> None:
    bench = Bench()
    bench.source.push("[{}]").fail(DeviceLostError("gone"))
    assert await anext(bench.stream) == {}
    with pytest.raises(DeviceLostError):
        await anext(bench.stream)
    assert bench.source.stops == 1
    assert await bench.read() == []


async def test_invalid_batch_of_chunks_stops_the_work() -> None:
    bench = Bench()
    bench.source.push("{")
    with pytest.raises(EngineError):
        await bench.read()
    assert bench.source.stops == 1


async def test_second_reader_is_rejected_and_the_first_continues() -> None:
    bench = Bench()
    bench.may_start.clear()
    task = asyncio.create_task(anext(bench.stream))
    await bench.starting.wait()
    for _ in range(2):  # while it opens, and while it reads
        with pytest.raises(RuntimeError, match="another task is reading"):
            await anext(bench.stream)
        with pytest.raises(RuntimeError, match="another task is reading"):
            await bench.stream.open()
        bench.may_start.set()
        await bench.source.read.wait()
    bench.source.push("[{}]")
    assert await task == {}
