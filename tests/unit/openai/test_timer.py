"""The bound on each wait."""

from __future__ import annotations

import asyncio
import weakref

from pywebllm.openai.timer import ReadTimer


async def test_wait_that_is_too_long_is_told_once() -> None:
    expired = asyncio.Event()
    timer = ReadTimer(0.001, expired.set)
    timer.start()
    async with asyncio.timeout(5):
        await expired.wait()
    assert timer.expired


async def test_without_a_bound_there_is_no_timer() -> None:
    expired = asyncio.Event()
    timer = ReadTimer(None, expired.set)
    timer.start()
    assert not timer.is_armed


async def test_waits_share_one_timer() -> None:
    timer = ReadTimer(60, lambda: None)
    timer.start()
    armed = timer.is_armed
    timer.stop()
    timer.start()
    timer.cancel()
    assert (armed, timer.is_armed) == (True, False)


async def test_nothing_expires_while_nobody_waits() -> None:
    first, second = asyncio.Event(), asyncio.Event()
    idle, busy = ReadTimer(0.001, first.set), ReadTimer(0.02, second.set)
    idle.start()
    idle.stop()
    busy.start()
    async with asyncio.timeout(5):
        await second.wait()
    assert not first.is_set()
    assert not idle.is_armed


async def test_time_counts_from_the_newest_wait() -> None:
    loop = asyncio.get_running_loop()
    times: list[float] = []
    expired = asyncio.Event()

    def expire() -> None:
        times.append(loop.time())
        expired.set()

    timer = ReadTimer(0.05, expire)
    timer.start()
    other = asyncio.Event()
    loop.call_later(0.03, other.set)
    await other.wait()
    timer.stop()
    began = loop.time()
    timer.start()
    async with asyncio.timeout(5):
        await expired.wait()
    assert times[0] - began >= 0.049


async def test_event_loop_does_not_keep_a_reader_alive() -> None:
    timer = ReadTimer(60, lambda: None)
    timer.start()
    left = weakref.ref(timer)
    del timer
    assert left() is None
