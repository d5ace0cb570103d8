"""How much work a call is, whatever the machine: for tests that it takes no more than it should."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["effort"]

_ADDITIONS = 20_000


def effort(call: Callable[[], object]) -> float:
    """Return the processor time of a call, in that of 20 000 additions, made before and after it.

    The additions take about a millisecond. Other work of the machine does not count, and a slow
    machine slows both.
    """
    before = _seconds(_add)
    found = _seconds(call)
    return found / max(before, _seconds(_add))


def _seconds(call: Callable[[], object]) -> float:
    start = time.thread_time()
    call()
    return time.thread_time() - start


def _add() -> int:
    total = 0
    for number in range(_ADDITIONS):
        total += number
    return total
