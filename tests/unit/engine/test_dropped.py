"""Engines, pools and clients that nobody closed: what they hold is freed all the same."""

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
    """What is dropped goes at once, or not at all."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


class Bench:
    """The bridge of what is dropped."""

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
async def test_an_engine_or_a_pool_that_is_dropped_frees_its_bridge(
    make: Callable[..., Any],
) -> None:
    bench = Bench()
    dropped = make(bench.open)
    await dropped.load()
    assert not await bench.is_freed()
    with pytest.warns(ResourceWarning, match="not closed"):
        del dropped
    assert await bench.is_freed()


async def test_a_client_that_is_dropped_frees_its_bridge() -> None:
    bench = Bench(written("Hello."))
    client = AsyncWebLLM(bridge=bench.open)
    await client.chat.completions.create(messages=HELLO)
    with pytest.warns(ResourceWarning, match="not closed"):
        del client
    assert await bench.is_freed()


async def test_a_dropped_service_frees_its_bridge() -> None:
    bench = Bench()
    service = WebLLMService(bridge=bench.open)
    await service.initialize()
    with pytest.warns(ResourceWarning, match="not closed"):
        del service
    assert await bench.is_freed()


async def test_a_dropped_service_leaves_the_client_it_was_given_open() -> None:
    bench = Bench()
    client = await loaded_client(bench)
    service = WebLLMService(client=client)
    freed = ref(service)
    del service
    assert freed() is None
    assert not await bench.is_freed()
    assert client.is_loaded()
    await client.close()


async def test_a_dropped_sdk_client_is_freed_when_garbage_is_collected() -> None:
    bench = Bench(written("Hello."))
    dropped: Any = AsyncOpenAI(await loaded_client(bench))
    await dropped.chat.completions.create(model="any", messages=HELLO)
    del dropped
    with pytest.warns(ResourceWarning, match="not closed"):
        gc.collect()
    assert await bench.is_freed()


async def test_a_bridge_that_nobody_else_holds_is_freed_without_a_word(
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


async def test_a_stream_that_is_read_keeps_its_model() -> None:
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


async def test_what_was_closed_or_never_opened_gives_no_warning() -> None:
    bench = Bench()
    closed, unused = await loaded_client(bench), AsyncWebLLM(bridge=bench.open)
    await closed.close()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        del closed, unused
        gc.collect()
    assert await bench.is_freed()


async def test_an_engine_that_is_kept_still_hears_of_a_loss() -> None:
    bench = Bench()
    engine = Engine(bench.open)
    await engine.load()
    gc.collect()
    bench.bridge.events.push(loss())
    await asyncio.sleep(0)
    assert engine.loaded is None
    await engine.dispose()


def test_nothing_is_freed_where_the_loop_has_ended() -> None:
    bench = Bench()
    client = asyncio.run(loaded_client(bench))
    with pytest.warns(ResourceWarning, match="not closed"):
        del client
    assert bench.bridge.disposals == 0
