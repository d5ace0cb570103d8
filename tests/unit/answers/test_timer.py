"""The bound on each wait, by a clock that goes on at once while everybody waits."""

from __future__ import annotations

import asyncio
import selectors
import weakref
from collections.abc import Coroutine, Mapping
from typing import Any

from pywebllm.answers.timer import ReadTimer


class Selector(selectors.SelectSelector):
    """Waits for no time at all, but says how long it would have waited."""

    waited = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.waited += timeout or 0.0
        return super().select(0)


class Loop(asyncio.SelectorEventLoop):
    """An event loop whose time is what its selector would have waited."""

    def __init__(self) -> None:
        self.selector = Selector()
        super().__init__(self.selector)

    def time(self) -> float:
        return self.selector.waited


def run(test: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=Loop) as runner:
        runner.run(test)


class Alarm:
    """A timer of two seconds; `rang` says when it rang."""

    def __init__(self, seconds: float | None = 2) -> None:
        self.rang: list[float] = []
        self.timer = ReadTimer(seconds, self._ring)

    def _ring(self) -> None:
        self.rang.append(asyncio.get_running_loop().time())


async def at(steps: Mapping[float, Any], *, until: float = 20) -> None:
    """Call each at its time, and wait."""
    loop = asyncio.get_running_loop()
    for when, step in steps.items():
        loop.call_at(when, step)
    over = asyncio.Event()
    loop.call_at(until, over.set)
    await over.wait()


def test_wait_that_is_too_long_is_told_once() -> None:
    async def test() -> None:
        alarm = Alarm()
        await at({1: alarm.timer.start})
        assert alarm.rang == [3]
        assert alarm.timer.expired

    run(test())


def test_without_a_bound_there_is_no_timer() -> None:
    async def test() -> None:
        alarm = Alarm(None)
        alarm.timer.start()
        assert not alarm.timer.is_armed
        await at({})
        assert alarm.rang == []

    run(test())


def test_nothing_expires_while_nobody_waits() -> None:
    async def test() -> None:
        alarm = Alarm()
        await at({0: alarm.timer.start, 1: alarm.timer.stop})
        assert alarm.rang == []
        assert not alarm.timer.is_armed

    run(test())


def test_time_counts_from_the_newest_wait() -> None:
    async def test() -> None:
        alarm = Alarm()
        timer = alarm.timer
        await at({0: timer.start, 1: timer.stop, 1.5: timer.start, 3: timer.stop, 7: timer.start})
        assert alarm.rang == [9]

    run(test())


def test_cancelled_timer_does_not_ring() -> None:
    async def test() -> None:
        alarm = Alarm()
        await at({0: alarm.timer.start, 1: alarm.timer.cancel, 1.5: alarm.timer.cancel})
        assert alarm.rang == []

    run(test())


def test_event_loop_does_not_keep_a_reader_alive() -> None:
    async def test() -> None:
        timer = ReadTimer(2, lambda: None)
        timer.start()
        left = weakref.ref(timer)
        del timer
        assert left() is None
        await at({})

    run(test())
