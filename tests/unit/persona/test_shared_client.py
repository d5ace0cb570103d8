"""`WebLLMService(client=…)`: personas and chat over one engine and one copy of the model."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from pywebllm import AsyncWebLLM, WebLLMService
from pywebllm.builtin import BUILTIN_MODEL
from pywebllm.errors import (
    DeviceLostError,
    DisposedError,
    InvalidRequestError,
    ModelNotLoadedError,
    ModelUnloadedError,
)
from pywebllm.records import ModelRecord
from pywebllm.testing import ScriptedEngine

from tests.unit.fakes import FakeBridge, FakeStream, chunk, last_chunk, loss, progress

pytestmark = pytest.mark.timeout(20)

ADA = {"name": "Ada"}
HELLO = [{"role": "user", "content": "Hello"}]
RECORD = ModelRecord(
    model_id="mine", model="https://example.org/m/", model_lib="https://example.org/l"
)


class Bench:
    """A client over one fake bridge, and a service over that client."""

    def __init__(self, *, max_models: int = 1) -> None:
        self.bridges: list[FakeBridge] = []
        self.loads: asyncio.Queue[FakeStream] = asyncio.Queue()  # of all bridges
        self.client = AsyncWebLLM(bridge=self._open, max_models=max_models)
        self.service = WebLLMService(client=self.client)
        self.statuses: list[str] = []
        self.service.status_updated.subscribe(self.statuses.append)

    @property
    def bridge(self) -> FakeBridge:
        return self.bridges[0]

    def is_initialized(self) -> bool:
        # A call: mypy takes a property to stay as it was once asserted.
        return self.service.is_initialized

    async def loaded(self) -> None:
        """Load the model through the service."""
        task = asyncio.create_task(self.service.initialize("session"))
        (await self.loads.get()).end()
        assert await task

    async def persona(self, *texts: str) -> str:
        task = asyncio.create_task(self.service.generate_persona(ADA))
        answer = await self.bridge.generations.get()
        answer.push(chunk(*texts), last_chunk()).end()
        return await task

    async def _open(self) -> FakeBridge:
        self.bridges.append(FakeBridge(loads=self.loads))
        return self.bridges[-1]


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    yield bench
    await bench.service.dispose()
    await bench.client.close()


async def test_personas_and_chat_share_one_bridge_and_one_load(bench: Bench) -> None:
    await bench.loaded()
    assert await bench.persona("Ada plays.") == "Ada plays."
    task = asyncio.create_task(bench.client.chat.completions.create(messages=HELLO))
    answer = await bench.bridge.generations.get()
    answer.push(chunk("Hi."), last_chunk()).end()
    assert (await task).text == "Hi."
    assert len(bench.bridges) == 1
    assert bench.loads.empty()


async def test_a_model_that_the_client_loaded_can_write_personas_at_once(bench: Bench) -> None:
    task = asyncio.create_task(bench.client.load())
    (await bench.loads.get()).end()
    await task
    assert bench.is_initialized()
    assert await bench.service.initialize("session")
    assert await bench.persona("Ada.") == "Ada."


async def test_disposing_of_the_service_keeps_the_client_and_its_model(bench: Bench) -> None:
    await bench.loaded()
    await bench.service.dispose()
    assert not bench.is_initialized()
    assert bench.client.is_loaded()
    assert bench.bridge.disposals == 0
    assert bench.statuses[-1] == "The service is closed."
    with pytest.raises(ModelNotLoadedError):
        bench.service.stream_persona(ADA)
    assert await bench.service.initialize("again")
    assert await bench.persona("Ada.") == "Ada."


async def test_dispose_ends_a_running_persona_and_leaves_a_running_chat(bench: Bench) -> None:
    await bench.loaded()
    persona = asyncio.create_task(bench.service.generate_persona(ADA))
    written = await bench.bridge.generations.get()
    await written.read.wait()
    chat = asyncio.create_task(bench.client.chat.completions.create(messages=HELLO))
    answer = await bench.bridge.generations.get()
    await bench.service.dispose()
    with pytest.raises(DisposedError):
        await persona
    assert written.stops == 1
    answer.push(chunk("Hi."), last_chunk()).end()
    assert (await chat).text == "Hi."


async def test_dispose_ends_a_stream_that_was_not_read_yet(bench: Bench) -> None:
    await bench.loaded()
    stream = bench.service.stream_persona(ADA)
    await bench.service.dispose()
    with pytest.raises(DisposedError):
        await anext(stream)
    assert bench.bridge.generations.empty()


async def test_dispose_stops_a_load_that_nobody_else_waits_for(bench: Bench) -> None:
    task = asyncio.create_task(bench.service.initialize("session"))
    load = await bench.loads.get()
    await bench.service.dispose()
    assert await task is False
    assert load.stops == 1


async def test_dispose_leaves_a_load_that_the_client_waits_for_too(bench: Bench) -> None:
    own = asyncio.create_task(bench.service.initialize("session"))
    await bench.loads.get()
    other = asyncio.create_task(bench.client.load())
    load = await bench.loads.get()
    await bench.service.dispose()
    assert await own is False
    load.push(progress(0.5)).end()
    await other
    assert bench.client.is_loaded()


async def test_a_lost_model_is_reported_by_the_service(bench: Bench) -> None:
    await bench.loaded()
    reported = asyncio.Event()
    bench.service.status_updated.subscribe(lambda status: reported.set())
    bench.bridge.events.push(loss())
    await reported.wait()
    assert type(bench.service.last_error) is DeviceLostError
    assert not bench.is_initialized()


async def test_the_loss_of_another_model_is_not_the_services() -> None:
    bench = Bench(max_models=2)
    await bench.loaded()
    task = asyncio.create_task(bench.client.load("other"))
    (await bench.loads.get()).end()
    await task
    lost = asyncio.Event()
    bench.client.api.lost.subscribe(lambda found: lost.set())
    bench.bridges[1].events.push(loss())
    await lost.wait()
    assert bench.is_initialized()
    assert bench.service.last_error is None
    await bench.client.close()


async def test_the_default_model_of_the_client_writes_the_personas() -> None:
    bridge = FakeBridge()

    async def opened() -> FakeBridge:
        return bridge

    async with AsyncWebLLM(RECORD, bridge=opened) as client:
        service = WebLLMService(client=client)
        task = asyncio.create_task(service.initialize("session"))
        (await bridge.loads.get()).end()
        assert await task
        task_of_persona = asyncio.create_task(service.generate_persona(ADA))
        answer = await bridge.generations.get()
        assert json.loads(answer.request)["request"]["model"] == "mine"
        answer.push(chunk("Ada."), last_chunk()).end()
        assert await task_of_persona == "Ada."


async def test_a_persona_is_not_written_by_a_model_that_was_unloaded_meanwhile(
    bench: Bench,
) -> None:
    await bench.loaded()
    stream = bench.service.stream_persona(ADA)
    await bench.client.unload()
    with pytest.raises(ModelNotLoadedError):
        await anext(stream)
    assert bench.bridge.generations.empty()


def test_a_client_goes_with_neither_assets_nor_a_bridge() -> None:
    client = AsyncWebLLM()
    with pytest.raises(TypeError, match="not both"):
        WebLLMService(client=client, assets_url="./")
    with pytest.raises(TypeError, match="not both"):
        WebLLMService(client=client, bridge=lambda: None)  # type: ignore[arg-type, return-value]


def test_a_record_with_an_id_that_the_client_knows_as_another_model_is_refused() -> None:
    client = AsyncWebLLM()
    with pytest.raises(InvalidRequestError, match=BUILTIN_MODEL):
        WebLLMService(
            ModelRecord(model_id=BUILTIN_MODEL, model=RECORD.model, model_lib=RECORD.model_lib),
            client=client,
        )


@pytest.mark.parametrize("name", ["Tiny-1B-q4f16_1-MLC", "Tiny-1B"])
async def test_model_named_without_its_build_is_loaded_again_after_it_was_unloaded(
    name: str,
) -> None:
    engine = ScriptedEngine(lambda _request: "Ada.", models=[{"id": "Tiny-1B-q4f16_1-MLC"}])
    async with WebLLMService(name, bridge=engine.open) as service:
        assert await service.initialize()
        statuses: asyncio.Queue[str] = asyncio.Queue()
        service.status_updated.subscribe(statuses.put_nowait)
        engine.lose(ModelUnloadedError("it was not used"))
        assert (await statuses.get()).startswith("The model is unloaded")
        assert await service.generate_persona(ADA) == "Ada."
        engine.lose(DeviceLostError("the GPU was lost"))
        assert "the GPU was lost" in await statuses.get()
        assert isinstance(service.last_error, DeviceLostError)


async def test_stream_of_a_service_that_was_disposed_is_no_error_of_the_next_one(
    bench: Bench,
) -> None:
    await bench.loaded()
    stream = bench.service.stream_persona(ADA)
    await bench.service.dispose()
    assert bench.statuses[-1] == "The service is closed."
    assert await bench.service.initialize()
    # The client has the model still.
    assert bench.statuses[-1] == "The model is ready."
    with pytest.raises(DisposedError):
        await anext(stream)
    assert bench.service.last_error is None
    assert bench.statuses[-1] == "The model is ready."
