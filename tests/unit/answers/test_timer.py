"""The time limit of each wait, with a clock that advances at once while all tasks wait."""

from __future__ import annotations

import asyncio
import selectors
import weakref
from collections.abc import Coroutine, Mapping
from typing import Any

from pywebllm.answers.timer import ReadTimer


class Selector(selectors.SelectSelector):
    """Does not wait, but adds up how long it would have waited."""

    waited = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.waited += timeout or 0.0
        return super().select(0)


class Loop(asyncio.SelectorEventLoop):
    """An event loop whose time is how long its selector would have waited."""

    def __init__(self) -> None:
        self.selector = Selector()
        super().__init__(self.selector)

    def time(self) -> float:
        return self.selector.waited


def run(test: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=Loop) as runner:
        runner.run(test)


class Expiring:
    """A timer of two seconds; `expired_at` has the times at which it expired."""

    def __init__(self, seconds: float | None = 2) -> None:
        self.expired_at: list[float] = []
        self.timer = ReadTimer(seconds, self._expire)

    def _expire(self) -> None:
        self.expired_at.append(asyncio.get_running_loop().time())


async def at(steps: Mapping[float, Any], *, until: float = 20) -> None:
    """Call each step at its time, in seconds; wait until the time `until`."""
    loop = asyncio.get_running_loop()
    for when, step in steps.items():
        loop.call_at(when, step)
    over = asyncio.Event()
    loop.call_at(until, over.set)
    await over.wait()


def test_wait_that_is_too_long_expires_once() -> None:
    async def test() -> None:
        expiring = Expiring()
        await at({1: expiring.timer.start})
        assert expiring.expired_at == [3]
        assert expiring.timer.expired

    run(test())


def test_timer_without_a_limit_schedules_nothing() -> None:
    async def test() -> None:
        expiring = Expiring(None)
        expiring.timer.start()
        assert not expiring.timer.is_armed
        await at({})
        assert expiring.expired_at == []

    run(test())


def test_timer_does_not_expire_between_waits() -> None:
    async def test() -> None:
        expiring = Expiring()
        await at({0: expiring.timer.start, 1: expiring.timer.stop})
        assert expiring.expired_at == []
        assert not expiring.timer.is_armed

    run(test())


def test_limit_counts_from_the_latest_wait() -> None:
    async def test() -> None:
        expiring = Expiring()
        timer = expiring.timer
        await at({0: timer.start, 1: timer.stop, 1.5: timer.start, 3: timer.stop, 7: timer.start})
        assert expiring.expired_at == [9]

    run(test())


def test_cancelled_timer_does_not_expire() -> None:
    async def test() -> None:
        expiring = Expiring()
        await at({0: expiring.timer.start, 1: expiring.timer.cancel, 1.5: expiring.timer.cancel})
        assert expiring.expired_at == []

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
