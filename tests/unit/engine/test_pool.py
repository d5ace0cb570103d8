"""Which engine of a pool loads which model, and which model is replaced."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from pywebllm.builtin import BUILTIN_MODEL
from pywebllm.engine.pool import Pool
from pywebllm.engine.streams import EngineStream
from pywebllm.errors import (
    DeviceLostError,
    DisposedError,
    InvalidRequestError,
    ModelNotFoundError,
)
from pywebllm.records import Model, ModelRecord
from pywebllm.values import ModelLoss

from tests.unit.engine.engines import SlowBridge, read
from tests.unit.fakes import BUILTIN, FakeBridge, FakeStream, loss, progress

pytestmark = pytest.mark.timeout(20)

RECORD = ModelRecord(model_id="mine", model="mine/", model_lib="mine.wasm")


class Bench:
    """A pool, and the fake bridges that its engines opened."""

    def __init__(self, **options: Any) -> None:
        self.bridges: list[FakeBridge] = []
        self.loads: asyncio.Queue[FakeStream] = asyncio.Queue()  # of all bridges
        self.opened = asyncio.Event()
        self.slow: SlowBridge | None = None  # the next to be opened
        self.pool = Pool(self._open, **options)
        self.losses: list[ModelLoss] = []
        self.pool.lost.subscribe(self.losses.append)

    async def _open(self) -> FakeBridge:
        await asyncio.sleep(0)
        slow, self.slow = self.slow, None
        self.bridges.append(slow or FakeBridge(loads=self.loads))
        self.opened.set()
        return self.bridges[-1]

    def loaded(self) -> tuple[str, ...]:
        # A method, because mypy assumes that an asserted property does not change.
        return self.pool.loaded

    def ask(self, model: Model = None) -> EngineStream:
        """Return a request that has not been made yet."""
        return self.pool.stream("chat.completions", {}, model=model)

    async def start(self, model: Model = None) -> tuple[asyncio.Task[None], FakeStream]:
        """Begin a load; return its task and its stream."""
        task = asyncio.create_task(self.pool.load(model))
        stream = await self.loads.get()
        await stream.read.wait()
        return task, stream

    async def load(self, *models: Model) -> None:
        for model in models or (None,):
            task, stream = await self.start(model)
            stream.end()
            await task

    async def answered(self, model: Model = None) -> FakeBridge:
        """Make a request to a loaded model and read the answer; return the bridge that it used."""
        stream = self.ask(model)
        before = [len(bridge.opened) for bridge in self.bridges]
        await stream.open()
        (found,) = (
            bridge
            for bridge, count in zip(self.bridges, before, strict=True)
            if len(bridge.opened) > count
        )
        found.opened[-1].end()
        await read(stream)
        return found


Make = Callable[..., Bench]


@pytest.fixture
async def make() -> AsyncIterator[Make]:
    benches: list[Bench] = []

    def make(**options: Any) -> Bench:
        benches.append(Bench(**options))
        return benches[-1]

    yield make
    for bench in benches:
        await bench.pool.dispose()


def wanted(load: FakeStream) -> str:
    model = json.loads(load.request)["model"]
    return str(model if isinstance(model, str) else model["model_id"])


@pytest.mark.parametrize("max_models", [0, -1, 1.0, True, "2", None])
def test_max_models_that_is_not_a_positive_integer_is_rejected(max_models: Any) -> None:
    with pytest.raises(InvalidRequestError, match="max_models must be an integer from 1"):
        Bench(max_models=max_models)


async def test_none_and_the_built_in_id_mean_the_built_in_model_without_a_default(
    make: Make,
) -> None:
    pool = make(records=[RECORD]).pool
    assert pool.default is None
    assert (pool.resolve(None), pool.resolve(BUILTIN_MODEL)) == (None, None)
    assert make(model=BUILTIN_MODEL).pool.default is None


async def test_known_id_resolves_to_its_record_and_another_id_to_itself(make: Make) -> None:
    pool = make(records=[RECORD]).pool
    assert pool.resolve("mine") is RECORD
    assert pool.resolve(RECORD) is RECORD
    assert pool.resolve(" Llama ") == "Llama"
    assert pool.resolve({"model_id": "m", "model": "m/", "model_lib": "m.wasm"}) == ModelRecord(
        model_id="m", model="m/", model_lib="m.wasm"
    )
    assert pool.records == (RECORD,)


@pytest.mark.parametrize("default", [RECORD, "mine"])
async def test_none_resolves_to_the_default_and_the_built_in_model_keeps_its_id(
    make: Make, default: Model
) -> None:
    bench = make(model=default, records=[RECORD], max_models=2)
    assert bench.pool.resolve(None) is bench.pool.resolve("mine") is bench.pool.default is RECORD
    assert bench.pool.resolve(BUILTIN_MODEL) == BUILTIN_MODEL
    await bench.load(None, BUILTIN_MODEL)
    assert bench.loaded() == ("mine", BUILTIN_MODEL)
    assert [bridge.located for bridge in bench.bridges] == [[RECORD], [None]]


async def test_default_that_is_a_record_is_known_by_its_id(make: Make) -> None:
    pool = make(model={"model_id": "mine", "model": "mine/", "model_lib": "mine.wasm"}).pool
    assert pool.records == (RECORD,)
    assert pool.resolve("mine") == RECORD


@pytest.mark.parametrize(
    "options",
    [
        {"records": [RECORD, ModelRecord(model_id="mine", model="x/", model_lib="x.wasm")]},
        {
            "records": [RECORD],
            "model": ModelRecord(model_id="mine", model="x/", model_lib="x.wasm"),
        },
        {"records": [ModelRecord(model_id=BUILTIN_MODEL, model="x/", model_lib="x.wasm")]},
    ],
)
def test_two_models_with_the_same_id_are_rejected(options: Any) -> None:
    with pytest.raises(InvalidRequestError, match="two models have the id"):
        Bench(**options)


@pytest.mark.parametrize("record", ["Llama", None, {"model_id": "m"}, 5])
def test_records_that_are_not_model_records_are_rejected(record: Any) -> None:
    with pytest.raises(InvalidRequestError):
        Bench(records=[record])


async def test_invalid_request_is_rejected_before_a_bridge_is_opened(make: Make) -> None:
    bench = make()
    with pytest.raises(InvalidRequestError):
        bench.pool.stream("chat.completions", {"x": object()})
    with pytest.raises(InvalidRequestError):
        bench.ask(model=5)  # type: ignore[arg-type]
    with pytest.raises(InvalidRequestError):
        await bench.pool.load("")
    assert bench.bridges == []


async def test_load_reports_its_progress(make: Make) -> None:
    bench = make()
    ratios: list[float] = []
    task = asyncio.create_task(bench.pool.load(on_progress=lambda at: ratios.append(at.ratio)))
    (await bench.loads.get()).push(progress(0.5), progress(1, "ready")).end()
    await task
    assert ratios == [0.5, 1]
    assert bench.loaded() == (BUILTIN_MODEL,)


async def test_request_loads_its_model_which_is_listed_as_loaded(make: Make) -> None:
    bench = make()
    stream = bench.ask("Llama")
    task = asyncio.create_task(read(stream))
    load = await bench.loads.get()
    assert bench.loaded() == ()
    load.end()
    (await bench.bridges[0].generations.get()).push("[{}]").end()
    assert await task == [{}]
    assert bench.loaded() == ("Llama",)


async def test_two_models_are_loaded_at_once_each_with_its_own_bridge(make: Make) -> None:
    bench = make(max_models=2)
    await bench.load(None, "Llama")
    assert bench.loaded() == (BUILTIN_MODEL, "Llama")
    assert await bench.answered("Llama") is bench.bridges[1]
    assert await bench.answered() is bench.bridges[0]
    assert bench.loads.empty()


async def test_with_max_models_1_each_load_replaces_the_model(make: Make) -> None:
    bench = make()
    await bench.load("first", "second", "first")
    assert bench.loaded() == ("first",)
    assert len(bench.bridges) == 1


async def test_least_recently_used_model_is_replaced(make: Make) -> None:
    bench = make(max_models=2)
    await bench.load("first", "second")
    await bench.answered("first")
    await bench.load("third")
    assert bench.loaded() == ("first", "third")


async def test_model_that_is_not_busy_is_replaced_before_a_busy_one(
    make: Make,
) -> None:
    bench = make(max_models=2)
    await bench.load("first", "second")
    running = bench.ask("first")
    await running.open()
    await bench.answered("second")
    await bench.load("third")
    assert bench.loaded() == ("first", "third")


async def test_least_recently_used_model_is_replaced_when_all_are_busy(
    make: Make,
) -> None:
    bench = make(max_models=2)
    await bench.load("first", "second")
    running = [bench.ask(model) for model in ("second", "first")]
    for stream in running:
        await stream.open()
    await bench.load("third")
    assert bench.loaded() == ("first", "third")
    # The running answer is finished first: the load is queued after it in the same bridge.
    bridge = bench.bridges[1]
    assert [wanted(bridge.opened[0]), wanted(bridge.opened[2])] == ["second", "third"]
    (await bridge.generations.get()).push("[{}]").end()
    assert await read(running[0]) == [{}]


async def test_slot_of_a_lost_model_is_used_for_the_next(make: Make) -> None:
    bench = make(max_models=2)
    await bench.load("first", "second")
    lost = asyncio.Event()
    bench.pool.lost.subscribe(lambda error: lost.set())
    bench.bridges[1].events.push(loss())
    await lost.wait()
    assert bench.loaded() == ("first",)
    await bench.load("third")
    assert bench.loaded() == ("first", "third")
    assert [(loss.model, type(loss.error)) for loss in bench.losses] == [
        ("second", DeviceLostError)
    ]


async def test_lost_model_is_loaded_again_by_the_next_request(make: Make) -> None:
    bench = make()
    await bench.load()
    lost = asyncio.Event()
    bench.pool.lost.subscribe(lambda error: lost.set())
    bench.bridges[0].events.push(loss())
    await lost.wait()
    task = asyncio.create_task(bench.ask().open())
    (await bench.loads.get()).end()
    await task
    assert bench.loaded() == (BUILTIN_MODEL,)


async def test_concurrent_requests_to_two_models_run_in_turn_with_max_models_1(
    make: Make,
) -> None:
    bench = make()
    models = ("first", "second")
    tasks = [asyncio.create_task(read(bench.ask(model))) for model in models]
    loads = [await bench.loads.get() for _ in tasks]
    generations = [await bench.bridges[0].generations.get() for _ in tasks]
    assert [wanted(load) for load in loads] == ["first", "second"]
    assert bench.bridges[0].opened == [loads[0], generations[0], loads[1], generations[1]]
    for load, generation, text in zip(loads, generations, ("1", "2"), strict=True):
        load.end()
        generation.push(f'[{{"text": {text}}}]').end()
    assert await asyncio.gather(*tasks) == [[{"text": 1}], [{"text": 2}]]
    assert bench.loaded() == ("second",)


async def test_concurrent_loads_of_two_models_never_take_the_same_vacant_slot(
    make: Make,
) -> None:
    bench = make(max_models=2)
    tasks = [asyncio.create_task(bench.pool.load(model)) for model in ("first", "second")]
    for _ in tasks:
        (await bench.loads.get()).end()
    await asyncio.gather(*tasks)
    assert sorted(bench.loaded()) == ["first", "second"]
    assert len(bench.bridges) == 2


async def test_concurrent_requests_to_one_model_share_its_engine(make: Make) -> None:
    bench = make(max_models=2)
    tasks = [asyncio.create_task(bench.ask("Llama").open()) for _ in range(2)]
    loads = [await bench.loads.get() for _ in tasks]
    assert loads[0].request == loads[1].request
    assert len(bench.bridges) == 1
    for load in loads:
        load.end()
    await asyncio.gather(*tasks)
    assert bench.loaded() == ("Llama",)


async def test_concurrent_requests_to_one_model_replace_another_once(
    make: Make,
) -> None:
    bench = make(max_models=1)
    await bench.load("first")
    tasks = [asyncio.create_task(bench.ask("second").open()) for _ in range(2)]
    for _ in tasks:
        (await bench.loads.get()).end()
    await asyncio.gather(*tasks)
    assert bench.loaded() == ("second",)


async def test_cancelled_load_leaves_its_slot_to_the_next(make: Make) -> None:
    bench = make(max_models=2)
    await bench.load("first")
    task, load = await bench.start("second")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert load.stops == 1
    await bench.load("third")
    assert bench.loaded() == ("first", "third")
    assert len(bench.bridges) == 2


async def test_model_that_is_not_found_leaves_the_others_usable(make: Make) -> None:
    bench = make(max_models=2)
    await bench.load("first")
    task = asyncio.create_task(bench.ask("frist").open())
    (await bench.loads.get()).fail(ModelNotFoundError("frist"))
    (await bench.bridges[1].queries.get()).push("[]").end()
    with pytest.raises(ModelNotFoundError):
        await task
    assert await bench.answered("first") is bench.bridges[0]
    await bench.load("second")
    assert bench.loaded() == ("first", "second")


async def test_dropping_a_request_stops_it_at_once(make: Make) -> None:
    bench = make()
    await bench.load()
    gc.disable()
    try:
        stream = bench.ask()
        await stream.open()
        generation = await bench.bridges[0].generations.get()
        del stream
        assert generation.stops == 1
    finally:
        gc.enable()


async def test_request_closed_during_its_load_stops_load_and_answer(make: Make) -> None:
    bench = make()
    stream = bench.ask()
    task = asyncio.create_task(stream.open())
    await (await bench.loads.get()).read.wait()
    stream.close()
    assert [found.stops for found in bench.bridges[0].opened] == [1, 1]
    await task
    assert bench.loaded() == ()


async def test_complete_answer_can_be_read_after_its_model_was_replaced(
    make: Make,
) -> None:
    bench = make()
    await bench.load("first")
    stream = bench.ask("first")
    await stream.open()
    (await bench.bridges[0].generations.get()).push("[{}]").end()
    await bench.load("second")
    assert await read(stream) == [{}]


async def test_queries_need_no_model_and_share_one_bridge(make: Make) -> None:
    bench = make(max_models=2)
    for _ in range(2):
        task = asyncio.create_task(bench.pool.query({"kind": "models"}))
        await bench.opened.wait()
        (await bench.bridges[0].queries.get()).push("[]").end()
        assert await task == []
    await bench.load()
    assert (len(bench.bridges), bench.loaded()) == (1, (BUILTIN_MODEL,))


async def test_query_goes_to_an_engine_that_is_not_being_freed(make: Make) -> None:
    bench = make(max_models=2)
    await bench.load("first")
    slow = bench.slow = SlowBridge(loads=bench.loads)
    await bench.load("second")
    unload = asyncio.create_task(bench.pool.unload("second"))
    await slow.disposing.wait()
    task = asyncio.create_task(bench.pool.query({"kind": "sessions"}))
    (await bench.bridges[0].queries.get()).push("[]").end()
    assert await task == []
    slow.may_end.set()
    await unload


async def test_unload_frees_one_model_and_leaves_the_others(make: Make) -> None:
    bench = make(max_models=2)
    await bench.load(None, "Llama")
    await bench.pool.unload()
    assert bench.loaded() == ("Llama",)
    assert [bridge.disposals for bridge in bench.bridges] == [1, 0]
    assert bench.losses == []
    await bench.pool.unload("Llama")
    assert bench.loaded() == ()


async def test_unload_of_a_model_that_is_not_loaded_does_nothing(make: Make) -> None:
    bench = make()
    await bench.load("first", "second")
    await bench.pool.unload("first")
    await bench.pool.unload()
    assert bench.loaded() == ("second",)
    await bench.pool.unload("second")
    await bench.pool.unload("second")
    assert [bridge.disposals for bridge in bench.bridges] == [1]
    with pytest.raises(InvalidRequestError):
        await bench.pool.unload("")


async def test_unload_ends_a_load_and_the_requests_that_wait_for_it(make: Make) -> None:
    bench = make()
    load, _ = await bench.start()
    request = asyncio.create_task(bench.ask().open())
    await bench.loads.get()
    await bench.pool.unload()
    for task in (load, request):
        with pytest.raises(DisposedError):
            await task
    assert bench.loaded() == ()
    await bench.load()
    assert bench.loaded() == (BUILTIN_MODEL,)


async def test_request_during_the_unload_of_its_model_loads_it_again(
    make: Make,
) -> None:
    bench = make()
    slow = bench.slow = SlowBridge(loads=bench.loads)
    await bench.load()
    older = bench.ask()
    unload = asyncio.create_task(bench.pool.unload())
    await slow.disposing.wait()
    task = asyncio.create_task(older.open())
    await asyncio.sleep(0)
    # The GPU may be too small for the old model and the new one at once.
    assert len(bench.bridges) == 1
    slow.may_end.set()
    (await bench.loads.get()).end()
    await asyncio.gather(unload, task)
    assert len(bench.bridges) == 2
    assert bench.loaded() == (BUILTIN_MODEL,)


async def test_cancelled_unload_frees_the_model_nevertheless(make: Make) -> None:
    bench = make()
    slow = bench.slow = SlowBridge(loads=bench.loads)
    await bench.load()
    task = asyncio.create_task(bench.pool.unload())
    await slow.disposing.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert bench.loaded() == ()
    slow.may_end.set()
    await bench.load()
    assert [bridge.disposals for bridge in bench.bridges] == [1, 0]


async def test_dispose_frees_all_engines_and_later_loads_open_new_bridges(make: Make) -> None:
    bench = make(max_models=2)
    await bench.load("first", "second")
    await bench.pool.dispose()
    await bench.pool.dispose()
    assert bench.loaded() == ()
    assert [bridge.disposals for bridge in bench.bridges] == [1, 1]
    assert bench.losses == []
    await bench.load("third", "first")
    assert bench.loaded() == ("third", "first")
    assert len(bench.bridges) == 4


async def test_dispose_of_an_unused_pool_does_nothing(make: Make) -> None:
    bench = make()
    await bench.pool.dispose()
    assert bench.bridges == []


async def test_dispose_ends_all_running_loads_answers_and_queries(make: Make) -> None:
    bench = make(max_models=2)
    await bench.load("first")
    answer = asyncio.create_task(read(bench.ask("first")))
    await (await bench.bridges[0].generations.get()).read.wait()
    request = asyncio.create_task(bench.ask("second").open())
    await (await bench.loads.get()).read.wait()
    opening = asyncio.create_task(bench.pool.load("third"))
    query = asyncio.create_task(bench.pool.query({"kind": "models"}))
    await asyncio.sleep(0)
    await bench.pool.dispose()
    for task in (answer, request, opening, query):
        with pytest.raises(DisposedError):
            await task
    assert bench.loaded() == ()


async def test_name_without_a_build_that_is_disposed_while_it_is_looked_up_loads_nothing(
    make: Make,
) -> None:
    for arrives in (False, True):
        bench = make()
        load = asyncio.create_task(bench.pool.load("Tiny-1B"))
        (await bench.loads.get()).fail(ModelNotFoundError("no"))
        query = await bench.bridges[0].queries.get()
        if arrives:
            query.push(json.dumps([{"id": "Tiny-1B-q4f16_1-MLC"}]))
        await bench.pool.dispose()
        with pytest.raises(DisposedError):
            await load
        assert len(bench.bridges) == 1


async def test_request_created_before_a_disposal_is_not_made_after_it(make: Make) -> None:
    bench = make()
    await bench.load()
    stream = bench.ask()
    await bench.pool.dispose()
    await bench.load()
    with pytest.raises(DisposedError):
        await stream.open()
    assert bench.loaded() == (BUILTIN_MODEL,)


async def test_cancelled_disposal_frees_every_engine_nevertheless(make: Make) -> None:
    bench = make(max_models=2)
    for model in ("first", "second"):
        bench.slow = SlowBridge(loads=bench.loads)
        await bench.load(model)
    task = asyncio.create_task(bench.pool.dispose())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    for bridge in bench.bridges:
        assert isinstance(bridge, SlowBridge)
        await bridge.disposing.wait()
        bridge.may_end.set()
    await bench.pool.dispose()
    assert [bridge.disposals for bridge in bench.bridges] == [1, 1]


async def test_dispose_of_a_pool_leaves_no_task_running(make: Make) -> None:
    before = asyncio.all_tasks()
    bench = make(max_models=2)
    await bench.load("first", "second")
    await bench.answered("first")
    await bench.pool.dispose()
    assert asyncio.all_tasks() == before


async def test_built_in_model_is_loaded_by_its_record(make: Make) -> None:
    bench = make()
    task, load = await bench.start()
    assert json.loads(load.request)["model"]["model"] == BUILTIN.model
    load.end()
    await task


async def test_model_that_is_not_found_leaves_the_engine_to_the_loaded_one(make: Make) -> None:
    bench = make(max_models=2)
    await bench.load("one", "two")
    task, load = await bench.start("typo")  # it would replace the first
    load.fail(ModelNotFoundError("typo"))
    (await bench.bridges[0].queries.get()).push("[]").end()
    with pytest.raises(ModelNotFoundError):
        await task
    assert bench.loaded() == ("one", "two")
    assert await bench.answered("one") is bench.bridges[0]
    await bench.pool.unload("typo")
    assert bench.loaded() == ("one", "two")
    await bench.pool.unload("one")
    assert bench.loaded() == ("two",)


async def test_record_of_a_load_is_known_by_its_id_afterwards(make: Make) -> None:
    bench = make()
    await bench.load(RECORD)
    assert bench.pool.resolve("mine") is RECORD
    assert bench.pool.records == (RECORD,)
    await bench.answered("mine")
    assert len(bench.bridges) == 1


async def test_request_with_a_second_record_of_an_id_is_rejected(make: Make) -> None:
    bench = make()
    await bench.load(RECORD)
    other = ModelRecord(model_id="mine", model="other/", model_lib="mine.wasm")
    builtin = ModelRecord(model_id=BUILTIN_MODEL, model="other/", model_lib="mine.wasm")
    for record in (other, builtin):
        with pytest.raises(InvalidRequestError, match="two models have the id"):
            bench.ask(record)
        with pytest.raises(InvalidRequestError, match="two models have the id"):
            await bench.pool.load(record)
    bench.ask(ModelRecord(model_id="new", model="new/", model_lib="new.wasm"))
    assert bench.pool.records == (RECORD,), "a request that is not made registers no record"


async def test_record_can_be_registered_later_and_forgotten(make: Make) -> None:
    pool = make().pool
    pool.register({"model_id": "mine", "model": "m/", "model_lib": "m.wasm"})
    mine = ModelRecord(model_id="mine", model="m/", model_lib="m.wasm")
    assert (pool.resolve("mine"), pool.records) == (mine, (mine,))
    pool.register(mine)  # the same again
    for other in (ModelRecord(model_id="mine", gguf="m.gguf"), "mine", None):
        with pytest.raises(InvalidRequestError):
            pool.register(other)  # type: ignore[arg-type]
    pool.unregister("mine")
    pool.unregister("mine")
    assert (pool.resolve("mine"), pool.records) == ("mine", ())


async def test_default_model_cannot_be_forgotten(make: Make) -> None:
    pool = make(model=RECORD).pool
    with pytest.raises(InvalidRequestError, match="'mine' is the client's default model"):
        pool.unregister("mine")
    assert pool.resolve("mine") is RECORD
