"""Random orders of events: no task hangs, and no request is answered by another model."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pywebllm.engine.pool import Pool
from pywebllm.engine.streams import EngineStream
from pywebllm.errors import DownloadError, WebLLMError

from tests.unit.engine.simulated import SimulatedBridge

pytestmark = pytest.mark.timeout(110)

MODELS = ("one", "two", "three", "unknown", "broken")

models = st.sampled_from(MODELS)
numbers = st.integers(0, 7)
actions = st.one_of(
    st.tuples(st.just("ask"), models),
    st.tuples(st.just("open"), models),
    st.tuples(st.just("load"), models),
    st.tuples(st.just("unload"), models),
    st.tuples(st.just("dispose"), numbers),
    st.tuples(st.just("query"), numbers),
    st.tuples(st.just("cancel"), numbers),
    st.tuples(st.just("close"), numbers),
    st.tuples(st.just("lose"), numbers),
    st.tuples(st.just("fail to open"), numbers),
    *(st.tuples(st.just(often), numbers) for often in ("step", "step", "turn", "turn")),
)


class World:
    """A pool over simulated bridges, and the tasks and streams that use it."""

    def __init__(self, *, max_models: int) -> None:
        self.bridges: list[SimulatedBridge] = []
        self.max_models = max_models
        self.openings_to_fail = 0
        self.pool = Pool(self._open, max_models=max_models)
        self.streams: list[EngineStream] = []
        self.tasks: list[asyncio.Task[Any]] = []
        self.requested: set[Any] = set()
        self.closed: list[EngineStream] = []

    async def _open(self) -> SimulatedBridge:
        await asyncio.sleep(0)
        if self.openings_to_fail > 0:
            self.openings_to_fail -= 1
            raise DownloadError("no bridge")
        self.bridges.append(SimulatedBridge())
        return self.bridges[-1]

    async def do(self, action: str, given: Any) -> None:
        """Perform one of `actions`."""
        self.requested.add(given)
        if action in ("ask", "open"):
            self._ask(given, opens_only=action == "open")
        elif action == "turn":
            await asyncio.sleep(0)
        elif action in ("cancel", "close", "step", "lose"):
            self._disturb(action, given)
        elif action == "fail to open":
            self.openings_to_fail = 1
        elif action == "query":
            self._begin(self.pool.query({"kind": "models"}))
        elif action == "dispose":
            self._begin(self.pool.dispose())
        else:
            self._begin(getattr(self.pool, action)(given))
        self.check()

    def check(self) -> None:
        """Check the invariants that hold at every moment."""
        there = [bridge.model for bridge in self.bridges if bridge.model is not None]
        assert len(there) <= self.max_models
        # A request whose model is not found or broken occupies an engine until it fails; the model
        # that this engine held may then be loaded by another one, for a moment or for longer.
        if not self.requested & {"unknown", "broken"}:
            assert len(set(there)) == len(there), "a model is in the GPU twice"

    async def settle(self) -> None:
        """Let everything end, and check that it does."""
        for _ in range(500):
            await asyncio.sleep(0)
            self.check()
            steps = [bridge.step() for bridge in self.bridges]  # each of them
            if not any(steps) and all(task.done() for task in self.tasks):
                break
        hanging = [task for task in self.tasks if not task.done()]
        assert not hanging, f"these tasks hang: {hanging}"
        for _ in range(5):
            await asyncio.sleep(0)
        there = {bridge.model for bridge in self.bridges}
        assert set(self.pool.loaded) <= there, "a model counts as loaded that no bridge holds"

    def _ask(self, model: str, *, opens_only: bool) -> None:
        stream = self.pool.stream("chat.completions", {}, model=model)
        self.streams.append(stream)
        self._begin(stream.open() if opens_only else self._read(model, stream))

    async def _read(self, model: str, stream: EngineStream) -> None:
        chunks = [chunk async for chunk in stream]
        whole = [{"model": model}] * 2
        expected = whole[: len(chunks)] if stream in self.closed else whole
        assert chunks == expected, "another model answered, or a part is missing"

    def _begin(self, work: Any) -> None:
        self.tasks.append(asyncio.ensure_future(work))

    def _disturb(self, action: str, number: int) -> None:
        if action == "cancel" and self.tasks:
            self.tasks[number % len(self.tasks)].cancel()
        elif action == "close" and self.streams:
            stream = self.streams[number % len(self.streams)]
            self.closed.append(stream)
            stream.close()
        elif action in ("step", "lose") and self.bridges:
            getattr(self.bridges[-1 - number % len(self.bridges)], action)()


async def live(max_models: int, script: list[tuple[str, Any]]) -> None:
    world = World(max_models=max_models)
    for action, value in script:
        await world.do(action, value)
    await world.settle()
    for task in world.tasks:
        error = None if task.cancelled() else task.exception()
        assert error is None or isinstance(error, WebLLMError), error
    # Afterwards every model can still be loaded and answers.
    world.openings_to_fail = 0
    world.tasks = []
    for model in ("three", "one", "two"):
        await world.do("ask", model)
        await world.settle()
        assert [task.exception() for task in world.tasks] == [None] * len(world.tasks)
        assert world.pool.loaded[-1:] or world.max_models > 1
        assert model in world.pool.loaded
    await world.pool.dispose()
    assert [bridge.model for bridge in world.bridges] == [None] * len(world.bridges)
    assert asyncio.all_tasks() == {asyncio.current_task()}


@settings(max_examples=300, deadline=None)
@given(max_models=st.integers(1, 3), script=st.lists(actions, max_size=40))
def test_pool_neither_hangs_nor_breaks_whatever_happens_in_whatever_order(
    max_models: int, script: list[tuple[str, Any]]
) -> None:
    asyncio.run(live(max_models, script))
