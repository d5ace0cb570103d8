"""Loading, concurrent loads, losses and disposal of an engine."""

from __future__ import annotations

import asyncio
import json

import pytest
from pywebllm.builtin import BUILTIN_MODEL
from pywebllm.errors import (
    DeviceLostError,
    DisposedError,
    DownloadError,
    EngineError,
    InvalidRequestError,
    WebLLMError,
    WorkerError,
)
from pywebllm.values import LoadProgress

from tests.unit.engine.engines import Bench, SlowBridge, read
from tests.unit.fakes import BUILTIN, loss, progress

pytestmark = pytest.mark.timeout(20)


async def test_no_bridge_is_opened_before_the_first_load(bench: Bench) -> None:
    assert not bench.engine.is_loaded
    assert not bench.engine.is_loading
    assert bench.bridges == []


async def test_engine_is_loading_until_the_stream_ends_and_loaded_afterwards(bench: Bench) -> None:
    task, stream = await bench.start()
    assert (bench.engine.is_loading, bench.engine.is_loaded) == (True, False)
    stream.push(progress(1, "ready"))
    await asyncio.sleep(0)
    assert not bench.engine.is_loaded
    stream.end()
    await task
    assert (bench.engine.is_loading, bench.engine.is_loaded) == (False, True)
    assert stream.stops == 1


async def test_progress_never_decreases_and_ends_with_ready(bench: Bench) -> None:
    reported: list[LoadProgress] = []
    task = asyncio.create_task(bench.engine.load(on_progress=reported.append))
    stream = await bench.loads.get()
    stream.push(progress(0.1), progress(0.6), progress(0.2, "load"), progress(0.9, "compile"))
    stream.end()
    await task
    assert [found.ratio for found in reported] == [0.1, 0.6, 0.6, 0.9, 1.0]
    assert [found.phase for found in reported] == ["fetch", "fetch", "load", "compile", "ready"]


async def test_ready_is_reported_when_the_model_is_loaded_and_not_before(bench: Bench) -> None:
    reported: list[tuple[str, bool, bool]] = []

    def report(found: LoadProgress) -> None:
        reported.append((found.phase, bench.engine.is_loading, bench.engine.is_loaded))

    task = asyncio.create_task(bench.engine.load(on_progress=report))
    (await bench.loads.get()).push(progress(0.1), progress(1, "ready", "Ready")).end()
    await task
    assert reported == [("fetch", True, False), ("ready", False, True)]


async def test_model_replaced_by_a_later_load_is_not_reported_as_ready(bench: Bench) -> None:
    reported: list[LoadProgress] = []
    first = asyncio.create_task(bench.engine.load(on_progress=reported.append))
    first_stream = await bench.loads.get()
    second, second_stream = await bench.start("Llama")
    first_stream.end()
    await first
    assert reported == []
    second_stream.end()
    await second


async def test_progress_callback_that_raises_at_ready_leaves_the_model_loaded(bench: Bench) -> None:
    def fail(found: LoadProgress) -> None:
        raise ZeroDivisionError

    task = asyncio.create_task(bench.engine.load(on_progress=fail))
    (await bench.loads.get()).end()
    with pytest.raises(ZeroDivisionError):
        await task
    assert bench.engine.is_loaded


async def test_coroutine_function_as_progress_callback_is_rejected(bench: Bench) -> None:
    async def report(found: LoadProgress) -> None: ...

    with pytest.raises(TypeError, match="on_progress must be a plain function"):
        await bench.engine.load(on_progress=report)
    assert bench.bridges == []


async def test_progress_callback_that_raises_ends_the_load(bench: Bench) -> None:
    def fail(found: LoadProgress) -> None:
        raise ZeroDivisionError

    task = asyncio.create_task(bench.engine.load(on_progress=fail))
    stream = (await bench.loads.get()).push(progress(0.1))
    with pytest.raises(ZeroDivisionError):
        await task
    assert stream.stops == 1
    assert not bench.engine.is_loading


async def test_loading_the_loaded_model_again_does_nothing(bench: Bench) -> None:
    await bench.load()
    await bench.engine.load()
    assert bench.loads.empty()
    assert bench.engine.is_loaded


async def test_built_in_model_is_located_by_the_bridge(bench: Bench) -> None:
    task, stream = await bench.start()
    stream.end()
    await task
    assert bench.bridge.located == [None]
    assert json.loads(stream.request)["model"]["model"] == BUILTIN.model


async def test_built_in_model_can_be_loaded_by_its_id(bench: Bench) -> None:
    await bench.load(BUILTIN_MODEL)
    assert bench.engine.loaded == BUILTIN_MODEL
    assert bench.bridge.located == [None]
    await bench.engine.load()
    await bench.engine.load(bench.engine.loaded)
    assert bench.loads.empty(), "it is the same model"


async def test_model_id_of_webllms_list_crosses_without_being_located(bench: Bench) -> None:
    task, stream = await bench.start("Llama")
    stream.end()
    await task
    assert bench.bridge.located == []
    assert json.loads(stream.request) == {"model": "Llama"}


async def test_record_is_checked_and_located(bench: Bench) -> None:
    record = {"model_id": "m", "model": "m/", "model_lib": "m.wasm"}
    task = asyncio.create_task(bench.engine.load(record))
    stream = await bench.loads.get()
    stream.end()
    await task
    assert json.loads(stream.request)["model"]["model"] == "https://fake/m/"
    with pytest.raises(InvalidRequestError):
        await bench.engine.load({"model_id": "m"})
    assert bench.engine.is_loaded


async def test_two_concurrent_loads_open_one_bridge_and_each_waits_for_the_model(
    bench: Bench,
) -> None:
    tasks = [asyncio.create_task(bench.engine.load()) for _ in range(2)]
    streams = [await bench.loads.get() for _ in tasks]
    assert len(bench.bridges) == 1
    assert streams[0].request == streams[1].request
    streams[0].end()
    await tasks[0]
    assert (bench.engine.is_loading, bench.engine.is_loaded) == (False, True)
    streams[1].end()
    await tasks[1]
    assert bench.engine.is_loaded


async def test_cancelling_one_of_two_concurrent_loads_leaves_the_other(bench: Bench) -> None:
    first, first_stream = await bench.start()
    second, second_stream = await bench.start()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert (first_stream.stops, second_stream.stops) == (1, 0)
    assert bench.engine.is_loading
    second_stream.end()
    await second
    assert bench.engine.is_loaded


async def test_cancelled_load_stops_and_can_be_tried_again(bench: Bench) -> None:
    task, stream = await bench.start()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert stream.stops == 1
    assert (bench.engine.is_loading, bench.engine.is_loaded) == (False, False)
    await bench.load()
    assert bench.engine.is_loaded


async def test_timeout_stops_a_load(bench: Bench) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await bench.engine.load()
    assert (await bench.loads.get()).stops == 1
    assert not bench.engine.is_loading


async def test_failed_load_can_be_tried_again(bench: Bench) -> None:
    task, stream = await bench.start()
    stream.fail(DownloadError("no network"))
    with pytest.raises(DownloadError):
        await task
    assert not bench.engine.is_loading
    await bench.load()
    assert bench.engine.is_loaded


async def test_bridge_that_fails_to_open_can_be_tried_again(bench: Bench) -> None:
    bench.failures.append(DownloadError("no bridge"))
    with pytest.raises(DownloadError):
        await bench.engine.load()
    assert not bench.engine.is_loading
    await bench.load()
    assert bench.engine.is_loaded


async def test_cancelling_the_load_that_opens_the_bridge_leaves_the_one_that_waits(
    bench: Bench,
) -> None:
    bench.may_open.clear()
    first = asyncio.create_task(bench.engine.load())
    second = asyncio.create_task(bench.engine.load())
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    bench.may_open.set()
    (await bench.loads.get()).end()
    await second
    assert bench.engine.is_loaded
    assert len(bench.bridges) == 1


async def test_loading_another_model_counts_the_first_as_not_loaded_at_once(bench: Bench) -> None:
    await bench.load("first")
    task, stream = await bench.start("second")
    assert (bench.engine.is_loaded, bench.engine.is_loading) == (False, True)
    stream.fail(EngineError("no"))
    with pytest.raises(EngineError):
        await task
    assert not bench.engine.is_loaded


async def test_model_that_a_queued_load_replaces_does_not_count_as_loaded(bench: Bench) -> None:
    first, first_stream = await bench.start("first")
    second, second_stream = await bench.start("second")
    first_stream.end()
    await first
    assert (bench.engine.is_loaded, bench.engine.is_loading) == (False, True)
    second_stream.end()
    await second
    assert bench.engine.is_loaded


async def test_loss_of_an_idle_engine_is_reported_and_the_next_load_works(bench: Bench) -> None:
    await bench.load()
    lost = asyncio.Event()
    bench.engine.lost.subscribe(lambda error: lost.set())
    bench.bridge.events.push(loss("WorkerError", "it crashed"))
    await lost.wait()
    assert not bench.engine.is_loaded
    assert [type(error) for error in bench.losses] == [WorkerError]
    await bench.load()
    assert bench.is_loaded()
    assert len(bench.bridges) == 1


async def test_loss_during_an_answer_is_reported_when_the_answer_fails(bench: Bench) -> None:
    await bench.load()
    task = asyncio.create_task(read(bench.ask()))
    (await bench.bridge.generations.get()).fail(DeviceLostError("gone"))
    with pytest.raises(DeviceLostError):
        await task
    assert not bench.engine.is_loaded
    assert len(bench.losses) == 1


async def test_loss_that_two_streams_report_is_emitted_once(bench: Bench) -> None:
    await bench.load()
    task = asyncio.create_task(read(bench.ask()))
    stream = await bench.bridge.generations.get()
    bench.bridge.events.push(loss())
    stream.fail(DeviceLostError("gone"))
    with pytest.raises(DeviceLostError):
        await task
    await bench.engine.dispose()
    assert len(bench.losses) == 1


async def test_event_stream_that_fails_counts_as_a_loss(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    await bench.load()
    lost = asyncio.Event()
    bench.engine.lost.subscribe(lambda error: lost.set())
    bench.bridge.events.push("{")
    await lost.wait()
    assert not bench.engine.is_loaded
    assert "no more events" in caplog.text


async def test_dispose_frees_the_bridge_once_and_a_later_load_opens_another(bench: Bench) -> None:
    await bench.load()
    await bench.engine.dispose()
    await bench.engine.dispose()
    assert not bench.engine.is_loaded
    assert bench.bridge.disposals == 1
    assert bench.losses == []
    await bench.load()
    assert bench.is_loaded()
    assert len(bench.bridges) == 2


async def test_late_error_of_a_disposed_bridge_does_not_affect_the_next(bench: Bench) -> None:
    await bench.load()
    late = bench.ask()
    await late.open()
    old = await bench.bridge.generations.get()
    await bench.engine.dispose()
    await bench.load()
    old.fail(WorkerError("late"))
    with pytest.raises(WebLLMError):
        await read(late)
    assert bench.engine.is_loaded
    assert bench.losses == []


async def test_dispose_before_any_load_does_nothing(bench: Bench) -> None:
    await bench.engine.dispose()
    assert bench.bridges == []


async def test_two_concurrent_disposals_both_wait_for_the_end(bench: Bench) -> None:
    await bench.load()
    await asyncio.gather(bench.engine.dispose(), bench.engine.dispose())
    assert bench.bridge.disposals == 1


async def test_cancelled_disposal_frees_the_bridge_nevertheless(bench: Bench) -> None:
    slow = bench.slow = SlowBridge(loads=bench.loads)
    await bench.load()
    disposal = asyncio.create_task(bench.engine.dispose())
    await slow.disposing.wait()
    disposal.cancel()
    with pytest.raises(asyncio.CancelledError):
        await disposal
    slow.may_end.set()
    await bench.engine.dispose()
    assert slow.disposals == 1


async def test_dispose_ends_a_load_that_began_during_an_earlier_dispose(bench: Bench) -> None:
    slow = bench.slow = SlowBridge(loads=bench.loads)
    await bench.load()
    first = asyncio.create_task(bench.engine.dispose())
    await slow.disposing.wait()
    load = asyncio.create_task(bench.engine.load())
    await asyncio.sleep(0)
    second = asyncio.create_task(bench.engine.dispose())
    await asyncio.sleep(0)
    slow.may_end.set()
    await asyncio.gather(first, second)
    with pytest.raises(DisposedError):
        await load
    assert not bench.engine.is_loaded
    assert [bridge.disposals for bridge in bench.bridges] == [1]


async def test_load_that_begins_during_a_dispose_opens_another_bridge(bench: Bench) -> None:
    slow = bench.slow = SlowBridge(loads=bench.loads)
    await bench.load()
    disposal = asyncio.create_task(bench.engine.dispose())
    load = asyncio.create_task(bench.engine.load())
    await slow.disposing.wait()
    assert (bench.engine.is_loading, len(bench.bridges)) == (True, 1)
    slow.may_end.set()
    (await bench.loads.get()).end()
    await asyncio.gather(disposal, load)
    assert bench.engine.is_loaded
    assert [bridge.disposals for bridge in bench.bridges] == [1, 0]


async def test_dispose_stops_a_bridge_that_is_being_opened(bench: Bench) -> None:
    bench.may_open.clear()
    old = asyncio.create_task(bench.engine.load())
    await asyncio.sleep(0)  # it is opening the bridge
    # It may never open: nothing waits for that.
    await bench.engine.dispose()
    with pytest.raises(DisposedError):
        await old
    new = asyncio.create_task(bench.engine.load())
    await asyncio.sleep(0)
    bench.may_open.set()
    (await bench.loads.get()).end()
    await new
    assert [bridge.disposals for bridge in bench.bridges] == [0]


async def test_bridge_that_has_just_opened_at_a_dispose_is_freed_and_not_used(
    bench: Bench,
) -> None:
    old = asyncio.create_task(bench.engine.load())
    await bench.opened.wait()
    await bench.engine.dispose()
    with pytest.raises(DisposedError):
        await old
    assert [bridge.disposals for bridge in bench.bridges] == [1]
    await bench.load()
    assert bench.engine.is_loaded


async def test_loss_at_the_end_of_a_load_fails_the_load(bench: Bench) -> None:
    task, stream = await bench.start()
    stream.push(progress(1, "ready"))
    await asyncio.sleep(0)
    bench.bridge.events.push(loss())
    await asyncio.sleep(0)
    stream.end()
    with pytest.raises(DeviceLostError):
        await task
    assert not bench.engine.is_loaded
    await bench.load()
    assert bench.is_loaded()


async def test_late_event_about_the_previous_model_does_not_fail_a_load(bench: Bench) -> None:
    await bench.load()
    answer = asyncio.create_task(read(bench.ask()))
    (await bench.bridge.generations.get()).fail(DeviceLostError("gone"))
    with pytest.raises(DeviceLostError):
        await answer
    task, stream = await bench.start()
    bench.bridge.events.push(loss(message="gone"))
    await asyncio.sleep(0)
    stream.push(progress(0.1)).end()
    await task
    assert bench.engine.is_loaded
    assert len(bench.losses) == 1


async def test_dispose_ends_a_running_load_and_answer_with_an_error(bench: Bench) -> None:
    await bench.load("first")
    answer = asyncio.create_task(read(bench.ask("first")))
    await (await bench.bridge.generations.get()).read.wait()
    load, _ = await bench.start("second")
    await bench.engine.dispose()
    for task in (answer, load):
        with pytest.raises(DisposedError):
            await task
    assert not bench.engine.is_loaded


async def test_bridge_that_was_disposed_elsewhere_is_replaced(bench: Bench) -> None:
    await bench.load()
    lost = asyncio.Event()
    bench.engine.lost.subscribe(lambda error: lost.set())
    await bench.bridge.dispose()
    await lost.wait()
    assert not bench.engine.is_loaded
    task = asyncio.create_task(bench.engine.load())
    (await bench.loads.get()).end()
    await task
    assert len(bench.bridges) == 2
    assert bench.engine.is_loaded


async def test_load_cancelled_while_it_closes_an_old_bridge_can_be_tried_again(
    bench: Bench,
) -> None:
    await bench.load()
    stream = bench.ask()
    await stream.open()
    (await bench.bridge.generations.get()).fail(DisposedError("disposed elsewhere"))
    with pytest.raises(DisposedError):
        await read(stream)
    task = asyncio.create_task(bench.engine.load())
    await asyncio.sleep(0)  # it waits until the old bridge's watcher has ended
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await bench.load()
    assert bench.is_loaded()
    await bench.engine.dispose()


async def test_dispose_leaves_no_task_running(bench: Bench) -> None:
    before = asyncio.all_tasks()
    await bench.load()
    await bench.engine.dispose()
    assert asyncio.all_tasks() == before
