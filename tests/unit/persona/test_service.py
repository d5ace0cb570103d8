"""`WebLLMService`: initialization, events, personas, cancellation and disposal."""

from __future__ import annotations

import asyncio
import json
import logging
import math
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pywebllm.builtin import BUILTIN_MODEL
from pywebllm.errors import (
    DeviceLostError,
    DisposedError,
    DownloadError,
    InvalidRequestError,
    ModelNotLoadedError,
    RequestTimeoutError,
    WebLLMError,
)
from pywebllm.persona.prompt import persona_messages
from pywebllm.persona.service import WebLLMService
from pywebllm.values import LoadProgress

from tests.unit.fakes import FakeBridge, FakeStream, chunk, last_chunk, loss, progress

pytestmark = pytest.mark.timeout(20)

ADA = {"name": "Ada", "age": "36", "interests": "chess"}


class Bench:
    """A service over one fake bridge, and everything it reported."""

    def __init__(self, **options: Any) -> None:
        self.bridge = FakeBridge()
        self.service = WebLLMService(bridge=self._open, **options)
        self.statuses: list[str] = []
        self.progress: list[LoadProgress] = []
        self.service.status_updated.subscribe(self.statuses.append)
        self.service.progress_updated.subscribe(self.progress.append)

    async def _open(self) -> FakeBridge:
        return self.bridge

    def last_error(self) -> WebLLMError | None:
        # A call: mypy takes a property to stay as it was once asserted.
        return self.service.last_error

    def is_initializing(self) -> bool:
        return self.service.is_initializing

    async def initialized(self) -> WebLLMService:
        task = asyncio.create_task(self.service.initialize("session"))
        (await self.bridge.loads.get()).end()
        assert await task
        return self.service

    async def answer(self, *texts: str) -> FakeStream:
        """Answer the next request; return its stream."""
        stream = await self.bridge.generations.get()
        stream.push(chunk(*texts), last_chunk()).end()
        return stream


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    yield bench
    await bench.service.dispose()


def body(stream: FakeStream) -> Any:
    return json.loads(stream.request)["request"]


async def test_state_is_true_at_any_moment(bench: Bench) -> None:
    service = bench.service
    assert (service.is_initialized, service.is_initializing) == (False, False)
    task = asyncio.create_task(service.initialize("session"))
    stream = await bench.bridge.loads.get()
    assert (service.is_initialized, service.is_initializing) == (False, True)
    stream.end()
    assert await task is True
    assert (service.is_initialized, service.is_initializing) == (True, False)
    await service.dispose()
    assert (service.is_initialized, service.is_initializing) == (False, False)


async def test_a_second_caller_awaits_the_same_load(bench: Bench) -> None:
    first = asyncio.create_task(bench.service.initialize("first"))
    first_stream = await bench.bridge.loads.get()
    second = asyncio.create_task(bench.service.initialize("second"))
    second_stream = await bench.bridge.loads.get()
    for stream in (first_stream, second_stream):
        stream.push(progress(0.5)).end()
    assert all(await asyncio.gather(first, second))
    # Each progress is reported once, though two callers wait for the load.
    assert [found.ratio for found in bench.progress] == [0.5, 1.0]
    assert len(bench.statuses) == len(set(bench.statuses))
    assert bench.service.session_id == "second"


async def test_initialize_when_initialized_returns_true_at_once(bench: Bench) -> None:
    service = await bench.initialized()
    said = list(bench.statuses)
    assert await service.initialize("again")
    assert bench.bridge.loads.empty()
    assert bench.statuses == said
    assert service.session_id == "again"


async def test_a_failed_load_returns_false_with_its_error_and_can_be_tried_again(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    service = bench.service
    task = asyncio.create_task(service.initialize("session"))
    (await bench.bridge.loads.get()).fail(DownloadError("no network"))
    with caplog.at_level(logging.ERROR, "pywebllm"):
        assert await task is False
    assert type(service.last_error) is DownloadError
    assert bench.statuses[-1] == str(service.last_error)
    (record,) = caplog.records
    assert record.exc_info is not None
    assert record.exc_info[1] is service.last_error
    again = asyncio.create_task(service.initialize("session"))
    stream = await bench.bridge.loads.get()
    assert bench.last_error() is None
    stream.end()
    assert await again is True
    assert bench.last_error() is None


async def test_failed_load_with_two_callers_is_reported_and_logged_once(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    tasks = [asyncio.create_task(bench.service.initialize("session")) for _ in range(2)]
    for _ in tasks:
        (await bench.bridge.loads.get()).fail(DownloadError("no network"))
    assert await asyncio.gather(*tasks) == [False, False]
    assert [status for status in bench.statuses if "no network" in status] == [bench.statuses[-1]]
    assert [record.levelname for record in caplog.records].count("ERROR") == 1


async def test_bridge_that_does_not_open_fails_all_callers_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    opened: list[WebLLMError] = []

    async def refuse() -> FakeBridge:
        await asyncio.sleep(0)
        opened.append(DownloadError("no bridge"))
        raise opened[-1]

    service = WebLLMService(bridge=refuse)
    assert not any(await asyncio.gather(service.initialize(), service.initialize()))
    assert len(opened) == 1
    assert service.last_error is opened[0]
    assert [record.levelname for record in caplog.records].count("ERROR") == 1
    assert await service.initialize() is False
    assert len(opened) == 2


async def test_immediate_retry_starts_a_new_load_while_another_caller_still_waits(
    bench: Bench,
) -> None:
    service = bench.service
    first = asyncio.create_task(service.initialize("session"))
    first_stream = await bench.bridge.loads.get()
    second = asyncio.create_task(service.initialize("session"))
    second_stream = await bench.bridge.loads.get()
    first_stream.push(progress(0.9)).fail(DownloadError("no network"))
    assert await first is False
    assert not bench.is_initializing()
    retry = asyncio.create_task(service.initialize("session"))
    retry_stream = await bench.bridge.loads.get()
    assert bench.is_initializing()
    second_stream.fail(DownloadError("no network"))
    assert await second is False
    assert bench.last_error() is None
    retry_stream.push(progress(0.1)).end()
    assert await retry is True
    assert bench.last_error() is None
    assert [found.ratio for found in bench.progress] == [0.9, 0.1, 1.0]


async def test_same_failure_of_a_second_persona_is_reported_again(bench: Bench) -> None:
    service = await bench.initialized()
    for _ in range(2):
        task = asyncio.create_task(service.generate_persona(ADA))
        (await bench.bridge.generations.get()).fail(InvalidRequestError("no such parameter"))
        with pytest.raises(InvalidRequestError):
            await task
    assert bench.statuses.count(str(service.last_error)) == 2


async def test_a_cancelled_initialize_can_be_tried_again(bench: Bench) -> None:
    task = asyncio.create_task(bench.service.initialize("session"))
    stream = await bench.bridge.loads.get()
    await stream.read.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert stream.stops == 1
    assert not bench.service.is_initializing
    assert bench.statuses[-1] == "Loading was cancelled."
    await bench.initialized()
    assert bench.service.is_initialized


async def test_a_timeout_stops_initialize(bench: Bench) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await bench.service.initialize("session")
    assert (await bench.bridge.loads.get()).stops == 1


async def test_timeout_of_initialize_ends_with_false_and_it_can_be_tried_again(
    bench: Bench,
) -> None:
    assert await bench.service.initialize("session", timeout=0.01) is False
    assert (await bench.bridge.loads.get()).stops == 1
    error = bench.last_error()
    assert isinstance(error, RequestTimeoutError)
    assert "not loaded within 0.01 seconds" in str(error)
    await bench.initialized()
    assert bench.last_error() is None


async def test_timeout_of_one_caller_leaves_the_load_to_the_other(bench: Bench) -> None:
    patient = asyncio.create_task(bench.service.initialize("patient"))
    stream = await bench.bridge.loads.get()
    assert await bench.service.initialize("hasty", timeout=0.01) is False
    assert bench.is_initializing()
    assert bench.last_error() is None
    stream.end()
    assert await patient is True


@pytest.mark.parametrize("limit", [0, -1, "5", True, math.nan])
async def test_timeout_of_initialize_must_be_positive(bench: Bench, limit: Any) -> None:
    with pytest.raises(InvalidRequestError, match="timeout must be a number of seconds"):
        await bench.service.initialize("session", timeout=limit)
    assert not bench.is_initializing()


async def test_status_and_progress_report_a_load(bench: Bench) -> None:
    task = asyncio.create_task(bench.service.initialize("session"))
    stream = await bench.bridge.loads.get()
    stream.push(progress(0.2), progress(0.4), progress(0.3), progress(1, "ready", "Ready")).end()
    assert await task
    assert [found.ratio for found in bench.progress] == [0.2, 0.4, 1]
    assert bench.statuses == [
        "Starting the engine…",
        "Fetching the model…",
        "The model is ready.",
    ]


async def test_subscribers_find_properties_up_to_date(bench: Bench) -> None:
    service = bench.service
    states: dict[str, tuple[bool, bool]] = {}

    def note(told: str) -> None:
        states[told] = (service.is_initializing, service.is_initialized)

    service.status_updated.subscribe(note)
    service.progress_updated.subscribe(lambda found: note(found.phase))
    task = asyncio.create_task(service.initialize("session"))
    (await bench.bridge.loads.get()).push(progress(0.2), progress(1, "ready", "Ready")).end()
    assert await task
    told = asyncio.Event()
    service.status_updated.subscribe(lambda status: told.set())
    bench.bridge.events.push(loss(message="gone"))
    await told.wait()
    await bench.initialized()
    await service.dispose()
    assert states == {
        "Starting the engine…": (True, False),
        "Fetching the model…": (True, False),
        "fetch": (True, False),
        "The model is ready.": (False, True),
        "ready": (False, True),
        str(DeviceLostError("gone")): (False, False),
        "The model is unloaded.": (False, False),
    }


async def test_model_can_be_used_inside_the_ready_event(bench: Bench) -> None:
    service = bench.service
    personas: list[asyncio.Task[str]] = []

    def write(status: str) -> None:
        if status == "The model is ready.":
            stream = service.stream_persona(ADA)  # refused where there is no model
            assert stream.usage is None
            personas.append(asyncio.create_task(service.generate_persona(ADA)))

    service.status_updated.subscribe(write)
    await bench.initialized()
    await bench.answer("Ada.")
    (persona,) = personas
    assert await persona == "Ada."


async def test_progress_starts_at_zero_with_each_load(bench: Bench) -> None:
    task = asyncio.create_task(bench.service.initialize("session"))
    (await bench.bridge.loads.get()).push(progress(0.9)).fail(DownloadError("no network"))
    assert not await task
    task = asyncio.create_task(bench.service.initialize("session"))
    (await bench.bridge.loads.get()).push(progress(0.1)).end()
    assert await task
    assert [found.ratio for found in bench.progress] == [0.9, 0.1, 1.0]


async def test_persona_is_the_complete_text(bench: Bench) -> None:
    service = await bench.initialized()
    task = asyncio.create_task(service.generate_persona(ADA))
    stream = await bench.answer("Ada ", "plays ", "chess.")
    assert await task == "Ada plays chess."
    assert body(stream)["messages"] == persona_messages(ADA)
    assert service.last_usage is not None
    assert service.last_usage.decode_tokens_per_second == 20.0


async def test_default_temperature_and_max_tokens_are_sent(bench: Bench) -> None:
    service = await bench.initialized()
    task = asyncio.create_task(service.generate_persona(ADA))
    sent = body(await bench.answer("x"))
    await task
    assert (sent["temperature"], sent["max_tokens"]) == (0.7, 200)
    assert "seed" not in sent


async def test_temperature_0_is_a_value(bench: Bench) -> None:
    service = await bench.initialized()
    task = asyncio.create_task(service.generate_persona(ADA, temperature=0, max_tokens=5, seed=0))
    sent = body(await bench.answer("x"))
    await task
    assert (sent["temperature"], sent["max_tokens"], sent["seed"]) == (0, 5, 0)


async def test_temperature_0_is_a_value_as_the_services_default_too() -> None:
    bench = Bench(temperature=0, max_tokens=7)
    service = await bench.initialized()
    task = asyncio.create_task(service.generate_persona(ADA))
    sent = body(await bench.answer("x"))
    await task
    assert (sent["temperature"], sent["max_tokens"]) == (0, 7)
    await service.dispose()


async def test_a_persona_streams_without_await(bench: Bench) -> None:
    service = await bench.initialized()

    async def read() -> list[str]:
        return [piece async for piece in service.stream_persona(ADA)]

    task = asyncio.create_task(read())
    await bench.answer("Ada ", "plays.")
    assert await task == ["Ada ", "plays."]
    assert service.last_usage is not None


async def test_leaving_the_loop_stops_the_model_at_once(bench: Bench) -> None:
    service = await bench.initialized()
    task = asyncio.create_task(bench.answer("Ada ", "plays."))
    async for _ in service.stream_persona(ADA):
        break
    assert (await task).stops == 1
    assert service.last_usage is None


async def test_a_cancelled_persona_stops_and_leaves_the_service_usable(bench: Bench) -> None:
    service = await bench.initialized()
    task = asyncio.create_task(service.generate_persona(ADA))
    stream = await bench.bridge.generations.get()
    await stream.read.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert stream.stops == 1
    assert service.is_initialized
    again = asyncio.create_task(service.generate_persona(ADA))
    await bench.answer("Ada.")
    assert await again == "Ada."


async def test_persona_before_initialize_raises_with_advice(bench: Bench) -> None:
    with pytest.raises(ModelNotLoadedError, match=r"Call `await service.initialize\(session_id\)`"):
        await bench.service.generate_persona(ADA)
    with pytest.raises(ModelNotLoadedError):
        bench.service.stream_persona(ADA)


async def test_bad_input_is_refused_before_anything_is_sent(bench: Bench) -> None:
    service = await bench.initialized()
    with pytest.raises(InvalidRequestError, match="at least one field"):
        await service.generate_persona({"name": " "})
    with pytest.raises(InvalidRequestError, match="temperature"):
        await service.generate_persona(ADA, temperature=3)
    with pytest.raises(InvalidRequestError, match="max_tokens"):
        await service.generate_persona(ADA, max_tokens=0)
    with pytest.raises(TypeError):
        await service.generate_persona({"age": 36})  # type: ignore[dict-item]
    assert bench.bridge.generations.empty()


async def test_failed_persona_is_raised_reported_and_logged(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    service = await bench.initialized()
    task = asyncio.create_task(service.generate_persona(ADA))
    (await bench.bridge.generations.get()).fail(InvalidRequestError("no such parameter"))
    with pytest.raises(InvalidRequestError) as caught:
        await task
    assert service.last_error is caught.value
    assert bench.statuses[-1] == str(caught.value)
    assert "no such parameter" in caplog.text
    assert service.is_initialized


async def test_lost_device_is_reported_and_initialize_works_again(bench: Bench) -> None:
    service = await bench.initialized()
    told = asyncio.Event()
    service.status_updated.subscribe(lambda status: told.set())
    bench.bridge.events.push(loss())
    await told.wait()
    assert not service.is_initialized
    assert type(service.last_error) is DeviceLostError
    assert bench.statuses[-1] == str(service.last_error)
    await bench.initialized()
    assert bench.last_error() is None


async def test_device_lost_during_a_persona_is_reported_once(bench: Bench) -> None:
    service = await bench.initialized()
    task = asyncio.create_task(service.generate_persona(ADA))
    stream = await bench.bridge.generations.get()
    bench.bridge.events.push(loss(message="gone"))
    stream.fail(DeviceLostError("gone"))
    with pytest.raises(DeviceLostError):
        await task
    assert not service.is_initialized
    assert [status for status in bench.statuses if "gone" in status] == [str(service.last_error)]


async def test_device_loss_found_by_an_answer_is_logged_once(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    service = await bench.initialized()
    task = asyncio.create_task(service.generate_persona(ADA))
    (await bench.bridge.generations.get()).fail(DeviceLostError("gone"))
    with pytest.raises(DeviceLostError):
        await task
    assert [record.levelname for record in caplog.records].count("ERROR") == 1


async def test_loss_reported_before_the_answer_fails_is_logged_once(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    service = await bench.initialized()
    told = asyncio.Event()
    service.status_updated.subscribe(lambda status: told.set())
    task = asyncio.create_task(service.generate_persona(ADA))
    stream = await bench.bridge.generations.get()
    bench.bridge.events.push(loss(message="gone"))
    await told.wait()
    stream.fail(DeviceLostError("gone"))
    with pytest.raises(DeviceLostError) as caught:
        await task
    assert service.last_error is caught.value
    assert [record.levelname for record in caplog.records].count("ERROR") == 1


async def test_initialize_right_after_dispose_leaves_the_service_initialized(bench: Bench) -> None:
    service = await bench.initialized()
    bench.bridge = FakeBridge()
    disposal = asyncio.create_task(service.dispose())
    again = asyncio.create_task(service.initialize("again"))
    (await bench.bridge.loads.get()).end()
    await disposal
    assert await again is True
    assert service.is_initialized
    assert "The model is unloaded." not in bench.statuses, "by then it was being loaded again"
    assert bench.statuses[-1] == "The model is ready."


async def test_disposed_load_leaves_no_error_in_the_next_one(bench: Bench) -> None:
    service = bench.service
    old = asyncio.create_task(service.initialize("old"))
    await (await bench.bridge.loads.get()).read.wait()
    bench.bridge = FakeBridge()
    disposal = asyncio.create_task(service.dispose())
    new = asyncio.create_task(service.initialize("new"))
    stream = await bench.bridge.loads.get()
    assert await old is False
    assert bench.last_error() is None
    stream.end()
    await disposal
    assert await new is True
    assert bench.last_error() is None


async def test_dispose_can_be_called_twice_and_initialize_starts_again(bench: Bench) -> None:
    service = await bench.initialized()
    await service.dispose()
    await service.dispose()
    assert not service.is_initialized
    assert bench.statuses[-1] == "The model is unloaded."
    bench.bridge = FakeBridge()
    await bench.initialized()
    assert service.is_initialized


async def test_dispose_ends_a_running_initialize_with_false(bench: Bench) -> None:
    task = asyncio.create_task(bench.service.initialize("session"))
    await (await bench.bridge.loads.get()).read.wait()
    await bench.service.dispose()
    assert await task is False
    assert type(bench.service.last_error) is DisposedError


async def test_leaving_the_context_disposes() -> None:
    bench = Bench()
    async with bench.service as service:
        assert service is bench.service
        await bench.initialized()
    assert bench.bridge.disposals == 1


async def test_subscriber_that_raises_does_not_affect_the_load(bench: Bench) -> None:
    def fail(found: object) -> None:
        raise ZeroDivisionError

    bench.service.status_updated.subscribe(fail)
    bench.service.progress_updated.subscribe(fail)
    await bench.initialized()
    assert bench.progress[-1].ratio == 1


async def test_status_is_logged_as_info_and_progress_as_debug(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, "pywebllm"):
        await bench.initialized()
    levels = {record.getMessage(): record.levelname for record in caplog.records}
    assert levels["Status: The model is ready."] == "INFO"
    assert levels["Progress: 100.0 % Ready"] == "DEBUG"


async def test_the_built_in_model_may_be_named_by_its_id() -> None:
    bench = Bench(model=BUILTIN_MODEL)
    service = await bench.initialized()
    assert bench.bridge.located == [None]
    task = asyncio.create_task(service.generate_persona(ADA))
    await bench.answer("Ada.")
    assert await task == "Ada."
    await service.dispose()


async def test_custom_model_is_accepted_as_id_and_as_record() -> None:
    record = {"model_id": "m", "model": "m/", "model_lib": "m.wasm"}
    for model, expected in (("Llama", "Llama"), (record, record | {"model": "https://fake/m/"})):
        bench = Bench(model=model)
        task = asyncio.create_task(bench.service.initialize("session"))
        stream = await bench.bridge.loads.get()
        stream.end()
        assert await task
        assert json.loads(stream.request)["model"] == expected
        await bench.service.dispose()


@pytest.mark.parametrize(
    "options",
    [{"model": ""}, {"model": {"model_id": "m"}}, {"temperature": 3}, {"max_tokens": 0}],
)
def test_invalid_argument_is_refused_by_the_constructor(options: Any) -> None:
    with pytest.raises(InvalidRequestError):
        WebLLMService(**options)


def test_assets_url_and_a_custom_bridge_exclude_each_other() -> None:
    async def open_fake() -> FakeBridge:
        return FakeBridge()

    with pytest.raises(TypeError, match="assets_url"):
        WebLLMService(assets_url="./", bridge=open_fake)


async def test_initialize_outside_a_browser_raises_support_error() -> None:
    service = WebLLMService()
    assert await service.initialize("session") is False
    assert "outside of one" in str(service.last_error)


async def test_rewrite_asks_for_a_change_of_the_text_so_far() -> None:
    bench = Bench()
    service = await bench.initialized()
    stream = service.stream_rewrite(ADA, "Ada plays chess.", "Make it shorter.", seed=4)
    reading = asyncio.create_task(_joined(stream))
    answer = await bench.bridge.generations.get()
    answer.push(chunk("Ada."), last_chunk()).end()
    assert await reading == "Ada."
    request = json.loads(answer.request)["request"]
    assert request["messages"] == [
        *persona_messages(ADA),
        {"role": "assistant", "content": "Ada plays chess."},
        {"role": "user", "content": "Make it shorter."},
    ]
    assert (request["seed"], request["max_tokens"]) == (4, 200)


@pytest.mark.parametrize(("text", "change"), [("", "Shorter."), ("Ada.", " "), ("Ada.", None)])
async def test_rewrite_without_a_text_or_a_change_is_refused(text: str, change: Any) -> None:
    service = await Bench().initialized()
    with pytest.raises(InvalidRequestError, match="must be a non-empty string, got"):
        service.stream_rewrite(ADA, text, change)


async def _joined(stream: AsyncIterator[str]) -> str:
    return "".join([piece async for piece in stream])
