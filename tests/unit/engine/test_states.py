"""The table of states in the docstring of `pywebllm.engine.state` is what the engine does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import pytest
from pywebllm.engine import state as described
from pywebllm.engine.streams import EngineStream
from pywebllm.errors import DeviceLostError, DownloadError, ModelNotFoundError, WebLLMError

from tests.unit.engine.engines import Bench
from tests.unit.fakes import FakeStream, loss

pytestmark = pytest.mark.timeout(20)

SAME, OTHER = "same", "other"


class Situation:
    """An engine in one of its states, and what is running in it."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.load: tuple[asyncio.Task[None], FakeStream] | None = None
        self.answer: FakeStream | None = None
        self.stream: EngineStream | None = None
        self.requests: list[EngineStream] = []  # those that an event made
        self.tasks: list[asyncio.Task[object]] = []

    @property
    def state(self) -> str:
        engine = self.bench.engine
        if engine.is_loading:
            return "loading"
        if not engine.is_loaded:
            return "idle"
        return "generating" if engine.is_busy else "ready"

    async def enter(self, state: str) -> None:
        """Bring the engine into a state by `SAME`; when it is loading, an answer is open, too."""
        if state == "loading":
            await self.bench.load(OTHER)
            await self._ask(OTHER)
            self.load = await self.bench.start(SAME)
        elif state == "idle":
            task, _ = await self.bench.start(SAME)  # so that a bridge is open
            task.cancel()
            await asyncio.wait([task])
        else:
            await self.bench.load(SAME)
        if state == "generating":
            await self._ask(SAME)
        assert self.state == state

    async def _ask(self, model: str) -> None:
        self.stream = self.bench.ask(model)
        await self.stream.open()
        self.answer = await self.bench.bridge.generations.get()

    def begin(self, work: Awaitable[object]) -> None:
        """Run this in a task until the test ends."""
        self.tasks.append(asyncio.ensure_future(work))

    async def settle(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)

    async def end(self) -> None:
        running = [*self.tasks, *([self.load[0]] if self.load else [])]
        await self.bench.engine.dispose()
        await asyncio.gather(*running, return_exceptions=True)


def load(model: str) -> Callable[[Situation], Awaitable[None]]:
    async def act(at: Situation) -> None:
        at.begin(at.bench.engine.load(model))
        await at.settle()

    return act


def request(model: str) -> Callable[[Situation], Awaitable[None]]:
    async def act(at: Situation) -> None:
        at.requests.append(at.bench.ask(model))
        at.begin(at.requests[-1].open())
        await at.settle()

    return act


async def load_ends(at: Situation) -> None:
    assert at.load is not None
    await _finish_answer(at)
    at.load[1].end()
    await at.load[0]


def load_fails(error: WebLLMError) -> Callable[[Situation], Awaitable[None]]:
    async def act(at: Situation) -> None:
        assert at.load is not None
        await _finish_answer(at)
        at.load[1].fail(error)
        with pytest.raises(type(error)):
            await at.load[0]

    return act


async def load_is_cancelled(at: Situation) -> None:
    assert at.load is not None
    await _finish_answer(at)
    at.load[0].cancel()
    with pytest.raises(asyncio.CancelledError):
        await at.load[0]


async def _finish_answer(at: Situation) -> None:
    if at.stream is not None and at.answer is not None:
        at.answer.end()
        assert [chunk async for chunk in at.stream] == []


async def answer_ends(at: Situation) -> None:
    assert at.stream is not None
    await _finish_answer(at)


async def answer_fails(at: Situation) -> None:
    assert at.stream is not None
    assert at.answer is not None
    at.answer.fail(DownloadError("no"))
    with pytest.raises(DownloadError):
        await anext(at.stream)


async def answer_is_cancelled(at: Situation) -> None:
    assert at.stream is not None
    at.stream.close()


async def lost(at: Situation) -> None:
    """Lose the device: the bridge fails every load and answer, and reports the event."""
    error = DeviceLostError("the device is gone")
    was_loaded, bridge = at.bench.is_loaded(), at.bench.bridge
    bridge.events.push(loss())
    for stream in bridge.opened:
        stream.fail(error)
    await at.settle()
    assert len(at.bench.losses) == was_loaded, "a loss is emitted once, if a model was loaded"
    if at.load is not None:
        with pytest.raises(DeviceLostError):
            await at.load[0]
    if was_loaded and at.stream is not None:
        with pytest.raises(DeviceLostError) as caught:
            await anext(at.stream)
        assert [caught.value] == at.bench.losses


async def dispose(at: Situation) -> None:
    await at.bench.engine.dispose()
    await at.settle()


EVENTS: Mapping[str, Callable[[Situation], Awaitable[None]]] = {
    "load same": load(SAME),
    "load other": load(OTHER),
    "request same": request(SAME),
    "request other": request(OTHER),
    "load ends": load_ends,
    "load fails": load_fails(DownloadError("no network")),
    "load is cancelled": load_is_cancelled,
    "model is not found": load_fails(ModelNotFoundError(SAME)),
    "answer ends": answer_ends,
    "answer fails": answer_fails,
    "answer is cancelled": answer_is_cancelled,
    "device or worker lost": lost,
    "dispose": dispose,
}


def table() -> dict[tuple[str, str], str]:
    """Return the cells that are not empty, by state and event."""
    assert described.__doc__ is not None
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in described.__doc__.splitlines()
        if line.startswith("|") and not line.startswith("|-")
    ]
    (_, *states), *events = rows
    assert [event for event, *_ in events] == list(EVENTS)
    return {
        (state, event): cell
        for event, *cells in events
        for state, cell in zip(states, cells, strict=True)
        if cell
    }


def expected(state: str, cell: str) -> str:
    mark, name, *_ = cell.replace(",", " ").split()
    assert mark in ("→", "=")
    return name if mark == "→" else state


@pytest.mark.parametrize(("at", "cell"), table().items(), ids=str)
async def test_event_in_a_state_leads_to_the_state_of_the_table(
    bench: Bench, at: tuple[str, str], cell: str
) -> None:
    state, event = at
    situation = Situation(bench)
    await situation.enter(state)
    await EVENTS[event](situation)
    assert situation.state == expected(state, cell)
    await situation.end()


def test_table_has_every_state() -> None:
    assert {state for state, _ in table()} == {"idle", "loading", "ready", "generating"}


async def test_model_that_is_not_found_leaves_an_engine_idle_that_had_none(bench: Bench) -> None:
    situation = Situation(bench)
    situation.load = await bench.start(SAME)
    await load_fails(ModelNotFoundError(SAME))(situation)
    assert situation.state == "idle"
