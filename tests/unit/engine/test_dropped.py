"""Engines, pools and clients that are dropped without being closed: their bridges are freed."""

from __future__ import annotations

import asyncio
import gc
import warnings
from collections.abc import Callable, Iterator
from typing import Any
from weakref import ref

import pytest
from pywebllm.client import AsyncWebLLM
from pywebllm.engine.engine import Engine
from pywebllm.engine.pool import Pool
from pywebllm.openai import AsyncOpenAI
from pywebllm.persona.service import WebLLMService

from tests.unit.answering import AnsweringBridge, written
from tests.unit.fakes import chunk, loss

pytestmark = [
    pytest.mark.timeout(20),
    pytest.mark.filterwarnings("always:a model in the page was not closed:ResourceWarning"),
]

HELLO = [{"role": "user", "content": "Hello"}]


@pytest.fixture(autouse=True)
def without_collection() -> Iterator[None]:
    """Disable garbage collection: only reference counting frees what is dropped."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


class Bench:
    """The bridge of a dropped engine, pool or client."""

    def __init__(self, *answers: tuple[str, ...]) -> None:
        self.bridge = AnsweringBridge(*answers)

    async def open(self) -> AnsweringBridge:
        return self.bridge

    async def is_freed(self) -> bool:
        for _ in range(5):
            await asyncio.sleep(0)
        watchers = [task for task in asyncio.all_tasks() if "pywebllm" in task.get_name()]
        return self.bridge.disposals == 1 and not watchers


async def loaded_client(bench: Bench) -> AsyncWebLLM:
    client = AsyncWebLLM(bridge=bench.open)
    await client.load()
    return client


@pytest.mark.parametrize("make", [Engine, Pool])
async def test_dropped_engine_or_pool_frees_its_bridge(
    make: Callable[..., Any],
) -> None:
    bench = Bench()
    dropped = make(bench.open)
    await dropped.load()
    assert not await bench.is_freed()
    with pytest.warns(ResourceWarning, match="not closed"):
        del dropped
    assert await bench.is_freed()


async def test_dropped_client_frees_its_bridge() -> None:
    bench = Bench(written("Hello."))
    client = AsyncWebLLM(bridge=bench.open)
    await client.chat.completions.create(messages=HELLO)
    with pytest.warns(ResourceWarning, match="not closed"):
        del client
    assert await bench.is_freed()


async def test_dropped_service_frees_its_bridge() -> None:
    bench = Bench()
    service = WebLLMService(bridge=bench.open)
    await service.initialize()
    with pytest.warns(ResourceWarning, match="not closed"):
        del service
    assert await bench.is_freed()


async def test_dropped_service_leaves_the_client_it_was_given_open() -> None:
    bench = Bench()
    client = await loaded_client(bench)
    service = WebLLMService(client=client)
    freed = ref(service)
    del service
    assert freed() is None
    assert not await bench.is_freed()
    assert client.is_loaded()
    await client.close()


async def test_sdk_client_in_a_reference_cycle_is_freed_by_garbage_collection() -> None:
    bench = Bench(written("Hello."))
    dropped: Any = AsyncOpenAI(await loaded_client(bench))
    await dropped.chat.completions.create(model="any", messages=HELLO)
    del dropped
    with pytest.warns(ResourceWarning, match="not closed"):
        gc.collect()
    assert await bench.is_freed()


async def test_bridge_without_other_references_is_freed_without_a_log_message(
    caplog: pytest.LogCaptureFixture,
) -> None:
    freed: list[int] = []

    class Counted(AnsweringBridge):
        async def dispose(self) -> None:
            await super().dispose()
            freed.append(self.disposals)

    async def opened() -> Counted:
        return Counted(written("Hello."))

    service = WebLLMService(bridge=opened)
    await service.initialize()
    with pytest.warns(ResourceWarning, match="not closed"):
        del service
    for _ in range(5):
        await asyncio.sleep(0)
    gc.collect()
    assert freed == [1]
    assert "destroyed" not in caplog.text
    assert not [task for task in asyncio.all_tasks() if "pywebllm" in task.get_name()]


async def test_stream_that_is_being_read_keeps_its_engine_alive() -> None:
    bench = Bench()
    client = await loaded_client(bench)
    stream = await client.chat.completions.create(messages=HELLO, stream=True)
    del client
    bench.bridge.streams[0].push(chunk("Hello"))
    assert (await anext(stream)).text == "Hello"
    assert bench.bridge.disposals == 0
    with pytest.warns(ResourceWarning, match="not closed"):
        del stream
    assert bench.bridge.streams[0].stops
    assert await bench.is_freed()


async def test_client_that_was_closed_or_never_used_emits_no_warning() -> None:
    bench = Bench()
    closed, unused = await loaded_client(bench), AsyncWebLLM(bridge=bench.open)
    await closed.close()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        del closed, unused
        gc.collect()
    assert await bench.is_freed()


async def test_referenced_engine_notices_a_loss_after_garbage_collection() -> None:
    bench = Bench()
    engine = Engine(bench.open)
    await engine.load()
    gc.collect()
    bench.bridge.events.push(loss())
    await asyncio.sleep(0)
    assert engine.loaded is None
    await engine.dispose()


def test_client_dropped_after_its_event_loop_closed_frees_nothing() -> None:
    bench = Bench()
    client = asyncio.run(loaded_client(bench))
    with pytest.warns(ResourceWarning, match="not closed"):
        del client
    assert bench.bridge.disposals == 0
