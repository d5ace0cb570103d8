"""Requests to an engine: loading the model, stopping, losses, disposal, and queries."""

from __future__ import annotations

import asyncio
import gc
import json

import pytest
from pywebllm.builtin import BUILTIN_MODEL
from pywebllm.engine.streams import EngineStream
from pywebllm.errors import (
    DeviceLostError,
    DisposedError,
    DownloadError,
    EngineError,
    InvalidRequestError,
    ModelNotFoundError,
    ModelNotLoadedError,
    WebLLMError,
    WorkerError,
)

from tests.unit.engine.engines import Bench, SlowBridge, read
from tests.unit.fakes import FakeStream, loss, progress

pytestmark = pytest.mark.timeout(20)


async def opening(
    bench: Bench, model: str | None = None
) -> tuple[EngineStream, asyncio.Task[None], FakeStream, FakeStream]:
    """Begin to open a request that loads its model; return stream, task, load and generation."""
    stream = bench.ask(model)
    task = asyncio.create_task(stream.open())
    load = await bench.loads.get()
    generation = await bench.bridge.generations.get()
    await load.read.wait()
    return stream, task, load, generation


async def test_request_crosses_with_its_kind_and_its_chunks_come_back(bench: Bench) -> None:
    await bench.load()
    stream = bench.engine.stream("embeddings", {"input": "Hi", "user": None})
    task = asyncio.create_task(read(stream))
    generation = await bench.bridge.generations.get()
    generation.push('[{"data": [1]}]').end()
    assert await task == [{"data": [1]}]
    body = {"input": "Hi", "model": BUILTIN_MODEL}
    assert json.loads(generation.request) == {"kind": "embeddings", "request": body}


async def test_no_bridge_is_opened_before_the_stream_is(bench: Bench) -> None:
    bench.ask()
    await asyncio.sleep(0)
    assert bench.bridges == []


async def test_invalid_request_is_rejected_before_a_bridge_is_opened(bench: Bench) -> None:
    with pytest.raises(InvalidRequestError):
        bench.engine.stream("chat.completions", {"temperature": float("nan")})
    with pytest.raises(InvalidRequestError):
        bench.ask("")
    assert bench.bridges == []


async def test_request_to_the_loaded_model_is_made_at_once_without_a_load(
    bench: Bench,
) -> None:
    await bench.load()
    await bench.ask().open()
    assert bench.bridge.generations.qsize() == 1
    assert bench.loads.empty()


async def test_request_loads_its_model_and_is_made_in_the_same_step(bench: Bench) -> None:
    stream, task, load, generation = await opening(bench, "Llama")
    assert bench.bridge.opened == [load, generation]
    assert (bench.engine.is_loading, bench.engine.loaded) == (True, None)
    load.push(progress(0.5)).end()
    await task
    assert (bench.engine.is_loading, bench.engine.loaded) == (False, "Llama")
    generation.push("[{}]").end()
    assert await read(stream) == [{}]
    assert (load.stops, generation.stops) == (1, 1)


async def test_no_request_comes_between_a_load_and_the_request_that_needs_it(
    bench: Bench,
) -> None:
    first, second = bench.ask("first"), bench.ask("second")
    tasks = [asyncio.create_task(one.open()) for one in (first, second)]
    loads = [await bench.loads.get() for _ in tasks]
    generations = [await bench.bridge.generations.get() for _ in tasks]
    assert bench.bridge.opened == [loads[0], generations[0], loads[1], generations[1]]
    for load in loads:
        load.end()
    await asyncio.gather(*tasks)
    assert bench.engine.loaded == "second"


async def test_request_joins_a_load_of_its_model_and_is_queued_after_it(bench: Bench) -> None:
    load_task, load = await bench.start()
    _, task, joined, generation = await opening(bench)
    assert joined.request == load.request
    assert bench.bridge.opened == [load, joined, generation]
    load.end()
    joined.end()
    await asyncio.gather(load_task, task)
    assert bench.engine.is_loaded


async def test_model_that_is_being_replaced_is_loaded_again_when_requested(bench: Bench) -> None:
    await bench.load("first")
    await bench.start("second")
    _, _, load, _ = await opening(bench, "first")
    assert json.loads(load.request) == {"model": "first"}


async def test_load_that_fails_ends_the_request_with_its_error(bench: Bench) -> None:
    stream, task, load, generation = await opening(bench)
    load.push(progress(0.5)).fail(DownloadError("no network"))
    with pytest.raises(DownloadError):
        await task
    assert (load.stops, generation.stops) == (1, 1)
    assert await read(stream) == []
    assert not bench.engine.is_loading
    await bench.load()
    assert bench.engine.is_loaded


async def test_model_that_is_not_found_leaves_the_loaded_one(bench: Bench) -> None:
    await bench.load("Llama")
    _, task, load, generation = await opening(bench, "Lama")
    assert json.loads(generation.request)["request"]["model"] == "Lama"
    load.fail(ModelNotFoundError("Lama"))
    with pytest.raises(ModelNotFoundError):
        await task
    assert bench.engine.loaded == "Llama"
    await bench.ask("Llama").open()
    assert bench.loads.empty()
    bench.bridge.events.push(loss())
    await asyncio.sleep(0)
    assert not bench.is_loaded()
    assert len(bench.losses) == 1


async def test_last_of_several_models_that_are_not_found_restores_the_loaded_one(
    bench: Bench,
) -> None:
    await bench.load("Llama")
    _, first, first_load, _ = await opening(bench, "Lama")
    _, second, second_load, _ = await opening(bench, "Lima")
    first_load.fail(ModelNotFoundError("Lama"))
    with pytest.raises(ModelNotFoundError):
        await first
    assert not bench.is_loaded()
    second_load.fail(ModelNotFoundError("Lima"))
    with pytest.raises(ModelNotFoundError):
        await second
    assert bench.engine.loaded == "Llama"


@pytest.mark.parametrize("after", [None, DownloadError("no"), ModelNotFoundError("Lima")])
async def test_model_that_is_not_found_restores_none_that_was_replaced_or_lost(
    bench: Bench, after: WebLLMError | None
) -> None:
    await bench.load("Llama")
    _, unknown, unknown_load, _ = await opening(bench, "Lama")
    _, other, other_load, _ = await opening(bench, "Lima")
    if after is None:
        other_load.push(progress(1, "ready")).end()
    else:
        other_load.fail(after)
    if isinstance(after, ModelNotFoundError):
        bench.bridge.events.push(loss())
    await asyncio.wait([other])
    unknown_load.fail(ModelNotFoundError("Lama"))
    with pytest.raises(ModelNotFoundError):
        await unknown
    assert bench.engine.loaded == ("Lima" if after is None else None)
    assert other.exception() is after


async def test_bridge_that_fails_to_open_fails_the_request_and_can_be_tried_again(
    bench: Bench,
) -> None:
    bench.failures.append(DownloadError("no bridge"))
    with pytest.raises(DownloadError):
        await bench.ask().open()
    await bench.load()
    assert bench.engine.is_loaded


async def test_request_cancelled_while_the_bridge_opens_leaves_nothing_running(
    bench: Bench,
) -> None:
    bench.may_open.clear()
    task = asyncio.create_task(bench.ask().open())
    await asyncio.sleep(0)
    assert bench.engine.is_loading
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not bench.engine.is_busy
    bench.may_open.set()
    await bench.load()
    assert [len(bridge.opened) for bridge in bench.bridges] == [1]


async def test_request_closed_while_the_bridge_opens_is_not_made(bench: Bench) -> None:
    bench.may_open.clear()
    stream = bench.ask()
    task = asyncio.create_task(stream.open())
    await asyncio.sleep(0)
    stream.close()
    bench.may_open.set()
    await task
    assert bench.bridge.opened == []
    assert not bench.engine.is_busy


async def test_request_cancelled_during_its_load_stops_load_and_answer(bench: Bench) -> None:
    _, task, load, generation = await opening(bench)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (load.stops, generation.stops) == (1, 1)
    assert not bench.engine.is_busy
    await bench.load()
    assert bench.engine.is_loaded


async def test_request_closed_during_its_load_stops_load_and_answer_at_once(bench: Bench) -> None:
    stream, task, load, generation = await opening(bench)
    stream.close()
    assert (load.stops, generation.stops) == (1, 1)
    await task
    # The end of a load that was stopped does not prove that the model is loaded.
    assert not bench.engine.is_loaded
    assert not bench.engine.is_busy


async def test_timeout_during_the_load_of_a_request_stops_load_and_answer(bench: Bench) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await read(bench.ask())
    assert [stream.stops for stream in bench.bridge.opened] == [1, 1]


async def test_cancelling_one_of_two_requests_that_share_a_load_leaves_the_other(
    bench: Bench,
) -> None:
    _, first, _, _ = await opening(bench)
    stream, second, load, generation = await opening(bench)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert (load.stops, generation.stops) == (0, 0)
    load.end()
    await second
    generation.push("[{}]").end()
    assert await read(stream) == [{}]


async def test_request_cancelled_while_it_is_read_leaves_the_queued_one(
    bench: Bench,
) -> None:
    await bench.load()
    first, second = bench.ask(), bench.ask()
    await first.open()
    await second.open()
    generation, next_one = [await bench.bridge.generations.get() for _ in range(2)]
    task = asyncio.create_task(read(first))
    await generation.read.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (generation.stops, next_one.stops) == (1, 0)
    next_one.push("[{}]").end()
    assert await read(second) == [{}]
    assert bench.engine.is_loaded


async def test_dropping_a_request_stops_it_at_once(bench: Bench) -> None:
    await bench.load()
    gc.disable()
    try:
        stream = bench.ask()
        await stream.open()
        generation = await bench.bridge.generations.get()
        del stream
        assert generation.stops == 1
        _, task, load, generation = await opening(bench, "Llama")
        load.end()
        await task
        del _
        assert generation.stops == 1
    finally:
        gc.enable()
    assert not bench.engine.is_busy


async def test_rejected_request_leaves_the_model_loaded(bench: Bench) -> None:
    await bench.load()
    task = asyncio.create_task(read(bench.ask()))
    (await bench.bridge.generations.get()).fail(InvalidRequestError("no"))
    with pytest.raises(InvalidRequestError):
        await task
    assert bench.engine.is_loaded
    assert bench.losses == []


async def test_complete_answer_can_be_read_after_its_model_was_replaced(
    bench: Bench,
) -> None:
    await bench.load("first")
    stream = bench.ask("first")
    await stream.open()
    (await bench.bridge.generations.get()).push("[{}]", "[{}]").end()
    await bench.load("second")
    assert await read(stream) == [{}, {}]
    assert bench.engine.loaded == "second"


async def test_complete_answer_can_be_read_after_a_disposal(bench: Bench) -> None:
    await bench.load()
    complete, partial = bench.ask(), bench.ask()
    await complete.open()
    await partial.open()
    (await bench.bridge.generations.get()).push("[{}]").end()
    (await bench.bridge.generations.get()).push("[{}]")
    await bench.engine.dispose()
    assert await read(complete) == [{}]
    with pytest.raises(DisposedError):
        await read(partial)


async def test_request_created_before_a_disposal_is_not_made_after_it(bench: Bench) -> None:
    await bench.load()
    stream = bench.ask()
    await bench.engine.dispose()
    await bench.load()
    with pytest.raises(DisposedError):
        await stream.open()
    assert bench.bridge.generations.empty()
    assert bench.is_loaded()


async def test_dispose_while_the_bridge_opens_ends_the_request(bench: Bench) -> None:
    bench.may_open.clear()
    task = asyncio.create_task(bench.ask().open())
    await asyncio.sleep(0)
    # It may never open: nothing waits for that.
    await bench.engine.dispose()
    with pytest.raises(DisposedError):
        await task
    assert bench.bridges == []


async def test_request_disposed_while_its_model_is_located_is_not_made(bench: Bench) -> None:
    await bench.load("Llama")
    old = bench.bridge
    old.may_locate.clear()
    task = asyncio.create_task(bench.ask().open())
    await asyncio.sleep(0)
    assert old.located == [None]
    await bench.engine.dispose()
    await bench.load("Llama")
    old.may_locate.set()
    with pytest.raises(DisposedError):
        await task
    assert len(old.opened) == 1
    assert bench.engine.loaded == "Llama"


async def test_request_cancelled_while_its_model_is_located_is_not_made(bench: Bench) -> None:
    await bench.load("Llama")
    bench.bridge.may_locate.clear()
    task = asyncio.create_task(bench.ask().open())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(bench.bridge.opened) == 1
    assert bench.engine.loaded == "Llama"


async def test_dispose_during_the_load_ends_the_request(bench: Bench) -> None:
    _, task, _, generation = await opening(bench)
    await bench.engine.dispose()
    with pytest.raises(DisposedError):
        await task
    assert generation.stops == 1
    assert not bench.engine.is_loaded


async def test_load_that_ends_just_before_a_disposal_leaves_no_model_loaded(bench: Bench) -> None:
    _, task, load, _ = await opening(bench)
    load.end()
    disposal = bench.engine.release()
    with pytest.raises(DisposedError):
        await task
    await disposal
    assert not bench.engine.is_loaded


async def test_request_during_a_disposal_waits_for_its_end_and_opens_another_bridge(
    bench: Bench,
) -> None:
    slow = bench.slow = SlowBridge(loads=bench.loads)
    await bench.load()
    disposal = asyncio.create_task(bench.engine.dispose())
    await slow.disposing.wait()
    task = asyncio.create_task(bench.ask().open())
    await asyncio.sleep(0)
    assert len(bench.bridges) == 1
    slow.may_end.set()
    (await bench.loads.get()).end()
    await asyncio.gather(disposal, task)
    assert len(bench.bridges) == 2
    assert bench.engine.is_loaded


async def test_request_after_a_loss_loads_the_model_again(bench: Bench) -> None:
    await bench.load()
    task = asyncio.create_task(read(bench.ask()))
    (await bench.bridge.generations.get()).fail(DeviceLostError("gone"))
    with pytest.raises(DeviceLostError):
        await task
    stream, opened, load, generation = await opening(bench)
    load.push(progress(1, "ready")).end()
    await opened
    generation.push("[{}]").end()
    assert await read(stream) == [{}]
    assert len(bench.losses) == 1


async def test_two_answers_that_meet_one_loss_raise_the_same_error(bench: Bench) -> None:
    await bench.load()
    tasks = [asyncio.create_task(read(bench.ask())) for _ in range(2)]
    for _ in tasks:
        (await bench.bridge.generations.get()).fail(DeviceLostError("gone"))
    errors = await asyncio.gather(*tasks, return_exceptions=True)
    assert errors[0] is errors[1] is bench.losses[0]


async def test_late_loss_of_an_earlier_load_does_not_affect_the_loaded_model(
    bench: Bench,
) -> None:
    await bench.load()
    late = bench.ask()
    await late.open()
    generation = await bench.bridge.generations.get()
    bench.bridge.events.push(loss())
    await bench.load()
    # It failed before that load, but is read only now.
    generation.fail(DeviceLostError("gone"))
    with pytest.raises(DeviceLostError):
        await read(late)
    assert bench.engine.is_loaded
    assert len(bench.losses) == 1


async def test_loss_is_reported_to_a_request_that_shared_the_load(bench: Bench) -> None:
    stream, first, first_load, generation = await opening(bench)
    load, second_load = await bench.start()
    first_load.end()
    second_load.end()
    await asyncio.gather(first, load)
    generation.fail(WorkerError("it crashed"))
    with pytest.raises(WorkerError):
        await read(stream)
    assert not bench.engine.is_loaded
    assert len(bench.losses) == 1


async def test_model_whose_replacement_was_cancelled_counts_as_loaded_and_can_be_lost(
    bench: Bench,
) -> None:
    stream, first, load, generation = await opening(bench, "first")
    second, _ = await bench.start("second")
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    load.end()
    await first
    assert bench.engine.loaded == "first"
    generation.fail(DeviceLostError("gone"))
    with pytest.raises(DeviceLostError):
        await read(stream)
    assert not bench.is_loaded()


async def test_load_that_ends_after_a_later_one_does_not_count(bench: Bench) -> None:
    first, first_load = await bench.start("first")
    second, second_load = await bench.start("second")
    second_load.end()
    await second
    first_load.end()
    await first
    assert bench.engine.loaded == "second"


async def test_request_that_must_not_load_is_made_to_the_loaded_model(bench: Bench) -> None:
    await bench.load()
    await bench.engine.stream("chat.completions", {}, loads=False).open()
    assert bench.bridge.generations.qsize() == 1


async def test_request_that_must_not_load_waits_for_a_running_load(bench: Bench) -> None:
    load_task, load = await bench.start()
    stream = bench.engine.stream("chat.completions", {}, loads=False)
    task = asyncio.create_task(stream.open())
    (await bench.loads.get()).end()
    load.end()
    await asyncio.gather(load_task, task)
    assert bench.bridge.generations.qsize() == 1


async def test_request_that_must_not_load_is_rejected_without_its_model(bench: Bench) -> None:
    stream = bench.engine.stream("chat.completions", {}, loads=False)
    with pytest.raises(ModelNotLoadedError):
        await stream.open()
    await bench.load("Llama")
    stream = bench.engine.stream("chat.completions", {}, loads=False)
    with pytest.raises(ModelNotLoadedError):
        await stream.open()
    assert bench.engine.loaded == "Llama"


async def test_request_that_must_not_load_raises_the_loss_of_its_model(bench: Bench) -> None:
    await bench.load()
    stream = bench.engine.stream("chat.completions", {}, loads=False)
    lost = asyncio.Event()
    bench.engine.lost.subscribe(lambda error: lost.set())
    bench.bridge.events.push(loss())
    await lost.wait()
    with pytest.raises(DeviceLostError) as caught:
        await stream.open()
    assert [caught.value] == bench.losses


async def test_engine_is_busy_until_its_answers_are_read(bench: Bench) -> None:
    await bench.load()
    stream = bench.ask()
    states = [bench.engine.is_busy]
    await stream.open()
    states.append(bench.engine.is_busy)
    (await bench.bridge.generations.get()).end()
    await read(stream)
    assert [*states, bench.engine.is_busy] == [False, True, False]


async def test_query_needs_no_model_and_no_load(bench: Bench) -> None:
    task = asyncio.create_task(bench.engine.query({"kind": "sessions.delete", "session_id": "s"}))
    await bench.opened.wait()
    stream = await bench.bridge.queries.get()
    assert not bench.engine.is_loading
    stream.push('{"a": [1, null]}').end()
    assert await task == {"a": [1, None]}
    assert json.loads(stream.request) == {"kind": "sessions.delete", "session_id": "s"}
    assert stream.stops == 1
    assert bench.loads.empty()


async def test_query_that_fails_or_is_cancelled_leaves_the_model_loaded(
    bench: Bench,
) -> None:
    await bench.load()
    task = asyncio.create_task(bench.engine.query({"kind": "models"}))
    (await bench.bridge.queries.get()).fail(EngineError("no"))
    with pytest.raises(EngineError):
        await task
    task = asyncio.create_task(bench.engine.query({"kind": "models"}))
    stream = await bench.bridge.queries.get()
    await stream.read.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert stream.stops == 1
    assert bench.engine.is_loaded


async def test_query_without_a_result_is_an_engine_error(bench: Bench) -> None:
    await bench.load()
    task = asyncio.create_task(bench.engine.query({"kind": "models"}))
    (await bench.bridge.queries.get()).end()
    with pytest.raises(EngineError, match="returned no result"):
        await task


async def test_dispose_ends_a_running_query(bench: Bench) -> None:
    await bench.load()
    task = asyncio.create_task(bench.engine.query({"kind": "models"}))
    await bench.bridge.queries.get()
    await bench.engine.dispose()
    with pytest.raises(DisposedError):
        await task


async def test_every_error_of_the_bridge_passes_unchanged(bench: Bench) -> None:
    await bench.load()
    error = WebLLMError("whatever")
    task = asyncio.create_task(read(bench.ask()))
    (await bench.bridge.generations.get()).fail(error)
    with pytest.raises(WebLLMError) as caught:
        await task
    assert caught.value is error
