"""What the Python view shows of a run: values and texts, no DOM."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from page.texts import number, text

__all__ = [
    "EXAMPLES",
    "RunState",
    "Screen",
    "asking",
    "calling",
    "crashed",
    "ended",
    "fetching",
    "finished",
    "idle",
    "installing",
    "refused",
    "running",
    "starting",
    "stopping",
]

RunState: TypeAlias = Literal[
    "idle", "fetching", "starting", "asking", "installing", "running", "stopping"
]

# Files in static/python/examples; `python.example.NAME` is the title of each.
EXAMPLES = (
    "hello",
    "streaming",
    "typed",
    "pydantic",
    "tools",
    "chat_tools",
    "conversation",
    "choices",
    "logprobs",
    "openai",
    "agent",
    "search",
    "benchmark",
    "plot",
    "persona",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """Everything that changes with the state of a run.

    Attributes:
        state: Decides what the visitor can do.
        status: One line, read aloud by screen readers.
        question: What is asked before the program can run; empty: nothing.
    """

    state: RunState
    status: str
    question: str = ""

    @property
    def can_run(self) -> bool:
        """True when a program can be started."""
        return self.state == "idle"

    @property
    def can_stop(self) -> bool:
        """True when there is something to stop."""
        return self.state in ("fetching", "starting", "installing", "running")


def idle() -> Screen:
    """Nothing has run yet."""
    return Screen(state="idle", status=text("python.idle"))


def fetching() -> Screen:
    """The program is being fetched, and runs then."""
    return Screen(state="fetching", status=text("python.fetching"))


def starting() -> Screen:
    """The worker starts its Python."""
    return Screen(state="starting", status=text("python.starting"))


def running(version: str, seconds: float | None) -> Screen:
    """The program runs; `seconds` are given for the first run of a worker."""
    if seconds is None:
        return Screen(state="running", status=text("python.running", version=version))
    took = number(seconds, ".1f")
    status = text("python.running.first", version=version, seconds=took)
    return Screen(state="running", status=status)


def calling(name: str) -> Screen:
    """A tool of the visitor runs, which the chat has called."""
    return Screen(state="running", status=text("python.calling", name=name))


def asking(packages: Sequence[str]) -> Screen:
    """The program needs packages; the visitor is asked."""
    question = text("python.needs", packages=", ".join(packages))
    return Screen(state="asking", status=text("python.asking"), question=question)


def installing(packages: Sequence[str]) -> Screen:
    """Packages are being installed."""
    status = text("python.installing", packages=", ".join(packages))
    return Screen(state="installing", status=status)


def stopping() -> Screen:
    """The program was asked to stop."""
    return Screen(state="stopping", status=text("python.stopping"))


def finished(seconds: float, *, stopped: bool, failed: bool) -> Screen:
    """The program has ended by itself, was stopped, or ended with an error."""
    key = "python.failed" if failed else "python.finished"
    key = "python.stopped" if stopped else key
    return Screen(state="idle", status=text(key, seconds=number(seconds, ".1f")))


def refused() -> Screen:
    """The visitor did not want the packages."""
    return Screen(state="idle", status=text("python.refused"))


def ended(*, is_isolated: bool) -> Screen:
    """The worker was ended, because its program did not stop."""
    key = "python.ended" if is_isolated else "python.ended.alone"
    return Screen(state="idle", status=text(key))


def crashed(reason: str) -> Screen:
    """The worker could not start, or has failed."""
    return Screen(state="idle", status=text("python.crashed", reason=reason))
