"""A random walk through the client over the real engine, as a state machine of Hypothesis.

Answers run in the background while others are asked for, stopped, cancelled or time out, and while
the model is freed, the worker ends or the device is lost. Nothing hangs, nothing is raised that is
not documented, and in the end the client writes what it wrote in the beginning.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.faults.conftest import CampaignPage, is_long, length_of

OPERATIONS = length_of("FAULTS_OPERATIONS", 50)
STEPS = 25 if is_long("FAULTS_OPERATIONS") else 15
# How often the model is freed or broken in an example of so many steps: a load takes seconds.
DISTURBANCES = 5 if is_long("FAULTS_OPERATIONS") else 1
# Tokens of an answer; an answer that is waited for waits for those before it.
LENGTH = 12

pytestmark = pytest.mark.timeout(1200 + 3 * OPERATIONS)

# How an operation may end while others disturb it. An error that is only `EngineError`, or that
# the library does not document, is a failure.
DOCUMENTED = {
    "result",
    "left",
    "ended",
    "sent",
    "CancelledError",
    "TimeoutError",
    "DisposedError",
    "WorkerError",
    "DeviceLostError",
    "AbortedError",
    "TruncatedError",  # of `parse`
}

NAMES = ["create", "ask", "parse", "completion", "load"]
FAULTS = ["unload", "close", "kill", "lose"]

# What a walk must have done, however short it is.
KINDS = {
    *(f"{rule} {name}" for rule in ("start", "give_up") for name in NAMES),
    *(f"disturb {fault}" for fault in FAULTS),
    *("start_stream", "leave", "finish", "cancel"),
}


class Walk(RuleBasedStateMachine):
    """Rules that call the campaign in the page."""

    page: ClassVar[CampaignPage]
    operations: ClassVar[int] = 0
    outcomes: ClassVar[dict[str, int]] = {}
    kinds: ClassVar[set[str]] = set()
    # In turns, not drawn, so that a short walk meets them all.
    started: ClassVar[Iterator[str]] = itertools.cycle(NAMES)
    given_up: ClassVar[Iterator[str]] = itertools.cycle(NAMES)
    faults: ClassVar[Iterator[str]] = itertools.cycle(FAULTS)

    running = Bundle("running")
    streams = Bundle("streams")

    def __init__(self) -> None:
        super().__init__()
        self.last = 0
        self.disturbances = 0

    @initialize()
    def begin(self) -> None:
        """Every example begins with a loaded model."""
        assert self.page.call("is_usable")

    @rule(target=running)
    def start(self) -> int:
        """Start an operation in the background."""
        return self._start("start", next(self.started))

    @rule(target=streams)
    def start_stream(self) -> int:
        """Start a stream in the background."""
        return self._start("start_stream")

    @rule(number=consumes(streams))
    def leave(self, number: int) -> None:
        """Leave a stream in the middle."""
        self.page.call("leave", number)
        self._expect("leave", self.page.call("finish", number))

    @rule(number=consumes(running))
    def finish(self, number: int) -> None:
        """Wait until an operation ends."""
        self._expect("finish", self.page.call("finish", number))

    @rule(number=st.one_of(consumes(running), consumes(streams)))
    def cancel(self, number: int) -> None:
        """Cancel a running operation."""
        self._expect("cancel", self.page.call("cancel", number))

    @rule(seconds=st.sampled_from([0, 0.01, 0.1, 0.5]))
    def give_up(self, seconds: float) -> None:
        """Run an operation under a timeout, after those that run."""
        name = next(self.given_up)
        self._expect(f"give_up {name}", self.page.call("give_up", name, seconds))

    @precondition(lambda self: self.disturbances < DISTURBANCES)
    @rule()
    def disturb(self) -> None:
        """Free the model, or break its worker."""
        self.disturbances += 1
        fault = next(self.faults)
        self._expect(f"disturb {fault}", self.page.call("disturb", fault))

    def teardown(self) -> None:
        """Let go of all that runs; the client is as good as new."""
        outcomes, usable = self.page.call("settle")
        for outcome in outcomes:
            assert outcome in DOCUMENTED, outcome
        assert usable
        print(f"{self.operations} operations: {self.outcomes}", flush=True)

    def _start(self, call: str, *arguments: str) -> int:
        self._count(" ".join([call, *arguments]))
        self.last += 1
        self.page.call(call, self.last, *arguments)
        return self.last

    def _expect(self, kind: str, outcome: str) -> None:
        self._count(kind)
        assert outcome in DOCUMENTED, outcome
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1

    def _count(self, kind: str) -> None:
        type(self).operations += 1
        self.kinds.add(kind)


def test_random_operations_end_by_documented_errors_and_leave_the_client_usable(
    campaign: CampaignPage,
) -> None:
    Walk.page, Walk.operations = campaign, 0
    Walk.outcomes.clear()
    Walk.kinds.clear()
    campaign.run(f"campaign.max_tokens = {LENGTH}")
    run_state_machine_as_test(
        Walk,
        settings=settings(
            max_examples=math.ceil(OPERATIONS / STEPS),
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            # The same walk each time in CI; a long run takes a new one.
            derandomize=not is_long("FAULTS_OPERATIONS"),
            # The engine's timing does not repeat, so a failure cannot be made smaller.
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
    campaign.run("del campaign.max_tokens")
    assert Walk.operations >= OPERATIONS
    assert Walk.kinds == KINDS
    assert len(campaign.page.workers) <= 1
