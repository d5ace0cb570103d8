"""What all answers share: the timeout of each wait, and closing."""

from __future__ import annotations

import asyncio
import gc
import weakref

import pytest
from pywebllm.chat.call import read_call
from pywebllm.chat.stream import ChatStream

from tests.unit.runners import FakeRunner, end, piece, usage

pytestmark = pytest.mark.timeout(20)


def chat_stream(runner: FakeRunner, *, n: int = 1) -> ChatStream:
    call = read_call({"messages": [{"role": "user", "content": "Hello"}], "n": n})
    return ChatStream(runner, call)


def timers() -> int:
    """Return the number of timers that are scheduled in the event loop."""
    loop: object = asyncio.get_running_loop()
    return len(loop._scheduled)  # type: ignore[attr-defined]


async def test_timeout_needs_one_timer_for_any_number_of_chunks() -> None:
    runner = FakeRunner()
    stream = chat_stream(runner)
    stream.timeout = 600
    for _ in range(20):
        runner.requests[0].push(piece("a"))
        await anext(stream)
        assert timers() == 1
    runner.requests[0].finish(end(), usage())
    assert (await stream.read()).text == "a" * 20
    assert all(handle.cancelled() for handle in asyncio.get_running_loop()._scheduled)  # type: ignore[attr-defined]


async def test_wait_that_takes_too_long_stops_the_engine() -> None:
    runner = FakeRunner()
    stream = chat_stream(runner, n=2)
    runner.requests[0].finish(piece("a"), end(), usage())
    await anext(stream)
    stream.timeout = 0.001
    with pytest.raises(TimeoutError, match=r"0\.001 seconds"):
        await stream.read()
    assert runner.requests[1].stream.stops == 1
    assert [found async for found in stream] == []
    assert (stream.text, stream.final) == ("a", None)


async def test_stream_without_a_timeout_schedules_no_timer() -> None:
    stream = chat_stream(FakeRunner(answers=[[piece("a"), end(), usage()]]))
    stream.timeout = 5
    stream.timeout = None
    await stream.read()
    assert stream.timeout is None
    assert timers() == 0


async def test_close_stops_at_once_and_may_be_awaited_or_not() -> None:
    runner = FakeRunner()
    awaited, called = chat_stream(runner), chat_stream(runner)
    for stream in (awaited, called):
        await stream.open()
    closing = awaited.close()
    assert runner.requests[0].stream.stops == 1
    await closing
    await closing
    called.close()
    assert runner.requests[1].stream.stops == 1


async def test_dropped_stream_with_a_timeout_is_freed_at_once() -> None:
    runner = FakeRunner()
    stream = chat_stream(runner)
    stream.timeout = 600
    runner.requests[0].push(piece("a"))
    await anext(stream)
    gone = weakref.ref(stream)
    gc.disable()
    try:
        del stream
        assert gone() is None
        assert runner.requests[0].stream.stops == 1
    finally:
        gc.enable()


async def test_begin_waits_for_the_first_chunk_without_reading_it() -> None:
    runner = FakeRunner()
    stream = chat_stream(runner)
    beginning = asyncio.create_task(stream.begin())
    await runner.requests[0].stream.read.wait()
    assert not beginning.done()
    runner.requests[0].finish(piece("a"), end(), usage())
    await beginning
    await stream.begin()
    assert (stream.text, (await stream.read()).text) == ("", "a")
    await stream.begin()
