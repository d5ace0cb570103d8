"""Models that another context borrows: both ends in one process, over a channel of strings."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import fields
from functools import partial
from typing import Any

import pytest
from pywebllm import (
    AsyncWebLLM,
    EngineChoice,
    EngineSupport,
    ModelRecord,
    Support,
    WebLLMService,
    borrow_models,
    lend_models,
    relayed,
)
from pywebllm.errors import DeviceLostError, DisposedError, EngineError, ModelNotFoundError
from pywebllm.records import WllamaRecord
from pywebllm.relay import Lending
from pywebllm.values import Adapter

from tests.unit.answering import AnsweringBridge, written
from tests.unit.fakes import FakeStream

pytestmark = pytest.mark.timeout(20)

HELLO = [{"role": "user", "content": "Hello"}]


class End:
    """One end of a channel; strings arrive in a later step, as messages do."""

    def __init__(self) -> None:
        self.other: End | None = None
        self.handlers: list[Callable[[str], object]] = []

    def post(self, text: str) -> None:
        assert self.other is not None
        asyncio.get_running_loop().call_soon(self.other.arrive, text)

    def arrive(self, text: str) -> None:
        for handler in self.handlers:
            handler(text)

    def listen(self, handler: Callable[[str], object]) -> None:
        self.handlers.append(handler)

    def close(self) -> None:
        self.handlers = []


@pytest.fixture
def lender() -> Iterator[End]:
    """The lender's end; clients of this process borrow from the other one."""
    lender, borrower = End(), End()
    lender.other, borrower.other = borrower, lender
    borrow_models(borrower)
    yield lender
    relayed._borrowed = None


@pytest.fixture
async def page(lender: End) -> AsyncIterator[tuple[AsyncWebLLM, AnsweringBridge, Lending]]:
    """A client whose models are lent, its bridge, and the lending."""
    bridge = AnsweringBridge(replies={"sessions": []})

    async def open_bridge() -> Any:
        return bridge

    llm = AsyncWebLLM(bridge=partial(open_bridge))
    lending = lend_models(llm, lender)
    yield llm, bridge, lending
    lending.close()
    await llm.close()


async def stopped(stream: FakeStream) -> None:
    """Wait until the work was stopped; some steps of the event loop are enough."""
    for _ in range(50):
        if stream.stops:
            return
        await asyncio.sleep(0)
    raise AssertionError("the work goes on")


async def test_borrower_streams_from_the_lenders_engine(page: Any) -> None:
    llm, bridge, _ = page
    bridge.answers = [written("Hel", "lo")]
    phases: list[str] = []
    borrower = AsyncWebLLM()
    await borrower.load(on_progress=lambda progress: phases.append(progress.phase))
    stream = await borrower.chat.completions.create(messages=HELLO, stream=True)
    texts = [chunk.choices[0].delta.content async for chunk in stream if chunk.choices]
    assert "".join(text or "" for text in texts) == "Hello"
    assert phases[-1] == "ready"
    assert llm.is_loaded()
    assert bridge.bodies[0]["messages"] == HELLO
    # What the borrower frees, the lender keeps.
    await borrower.close()
    assert llm.is_loaded()
    assert bridge.loaded == ["builtin"]


async def test_request_without_a_model_means_the_model_that_the_lender_says(lender: End) -> None:
    bridge = AnsweringBridge(written("Hi"), written("Hi"))

    async def open_bridge() -> Any:
        return bridge

    llm = AsyncWebLLM(bridge=partial(open_bridge))
    lend_models(llm, lender, model=lambda: "chosen")
    async with AsyncWebLLM() as borrower, AsyncWebLLM("other") as other:
        await borrower.chat.completions.create(messages=HELLO)
        await other.chat.completions.create(messages=HELLO)
    assert bridge.loaded == ["chosen", "other"]
    assert [body["model"] for body in bridge.bodies] == ["chosen", "other"]
    await llm.close()


async def test_stopping_the_borrowers_stream_stops_the_lenders(page: Any) -> None:
    _, bridge, lending = page
    async with AsyncWebLLM() as borrower:
        task = asyncio.ensure_future(borrower.chat.completions.create(messages=HELLO))
        stream = await asyncio.wait_for(bridge.generations.get(), 5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await stopped(stream)
        # A borrower that ended without a word, as a terminated worker does.
        task = asyncio.ensure_future(borrower.chat.completions.create(messages=HELLO))
        stream = await asyncio.wait_for(bridge.generations.get(), 5)
        lending.close()
        await stopped(stream)
        task.cancel()


async def test_errors_cross_with_their_class_and_advice(page: Any) -> None:
    _, bridge, _ = page
    bridge.unknown = {"missing"}
    bridge.replies["models"] = []
    async with AsyncWebLLM() as borrower:
        with pytest.raises(ModelNotFoundError, match="missing"):
            await borrower.load("missing")
        task = asyncio.ensure_future(borrower.chat.completions.create(messages=HELLO))
        stream = await asyncio.wait_for(bridge.generations.get(), 5)
        stream.fail(DeviceLostError("the GPU was lost"))
        with pytest.raises(DeviceLostError) as caught:
            await task
        assert caught.value.advice == DeviceLostError.advice
        # The next request loads again on the lender's side.
        bridge.answers = [written("Again")]
        reply = await borrower.chat.completions.create(messages=HELLO)
        assert reply.text == "Again"


async def test_load_that_failed_leaves_the_model_that_was_loaded(page: Any) -> None:
    _, bridge, _ = page
    bridge.unknown = {"missing", "absent"}
    bridge.replies["models"] = []
    bridge.answers = [written("One"), written("Two"), written("Three")]
    async with AsyncWebLLM() as borrower:
        await borrower.load("other")
        await borrower.load()
        for missing in ("missing", "absent"):
            with pytest.raises(ModelNotFoundError, match=missing):
                await borrower.load(missing)
            assert borrower.is_loaded()
            reply = await borrower.chat.completions.create(messages=HELLO)
            assert reply.text in ("One", "Two")
        await borrower.load()
        reply = await borrower.chat.completions.create(messages=HELLO)
        assert reply.text == "Three"


async def test_nothing_waits_for_a_lender_that_has_closed_or_failed(
    lender: End, caplog: pytest.LogCaptureFixture
) -> None:
    bridge = AnsweringBridge()

    async def open_bridge() -> Any:
        return bridge

    def choose() -> str:
        raise KeyError("nothing is chosen")

    llm = AsyncWebLLM(bridge=partial(open_bridge))
    lending = lend_models(llm, lender, model=choose)
    async with AsyncWebLLM() as borrower, AsyncWebLLM("named") as waiting:
        with pytest.raises(EngineError, match="nothing is chosen"):
            await borrower.chat.completions.create(messages=HELLO)
        assert "KeyError" in caplog.text
        task = asyncio.ensure_future(waiting.chat.completions.create(messages=HELLO))
        await asyncio.wait_for(bridge.generations.get(), 5)
        lending.close()
        lending.close()
        with pytest.raises(DisposedError, match="no longer lends"):
            await task
        with pytest.raises(DisposedError, match="no longer lends"):
            await borrower.chat.completions.create(messages=HELLO)
    await llm.close()


async def test_queries_and_services_work_in_the_borrower(page: Any) -> None:
    _, bridge, _ = page
    bridge.answers = [written("Ada is kind.")]
    async with AsyncWebLLM() as borrower:
        assert await borrower.sessions.list() == ()
    async with WebLLMService() as service:
        assert await service.initialize("one")
        persona = await service.generate_persona({"name": "Ada"})
    assert "Ada is kind." in str(persona)


class OnProcessor(AnsweringBridge):
    """A bridge in a page whose model runs on the processor."""

    async def locate(self, model: ModelRecord | None) -> ModelRecord:
        found = await super().locate(model)
        known = {field.name: getattr(found, field.name) for field in fields(ModelRecord)}
        return WllamaRecord(**known, wllama_url="w.js", wasm_url="w.wasm", reason="No GPU.")


async def test_borrower_knows_the_lenders_engine_and_what_its_browser_can_do(lender: End) -> None:
    bridge = OnProcessor(replies={"stored": {"models": []}})
    support = Support(
        ok=True,
        engine="wllama",
        engines={"wllama": EngineSupport(ok=True, threads=4)},
        adapter=Adapter(vendor="v", architecture="", description="", fallback=True),
        features=frozenset({"shader-f16"}),
        limits={"maxBufferSize": 2},
    )

    async def open_bridge() -> Any:
        return bridge

    async def check() -> Support:
        return support

    llm = AsyncWebLLM(bridge=partial(open_bridge))
    llm._check = check
    lend_models(llm, lender)
    async with AsyncWebLLM() as borrower:
        assert await borrower.check_support() == support
        changes: list[EngineChoice] = []
        borrower.engine_changed.subscribe(changes.append)
        await borrower.load()
        assert borrower.engine == llm.engine == "wllama"
        assert changes == [EngineChoice(engine="wllama", reason="No GPU.")]
        # The request is the lender's own: it names no file of this side.
        await borrower.load({"model_id": "mine", "model": "m/", "model_lib": "m.wasm"})
        assert borrower.engine == "wllama"
    assert bridge.loaded == ["builtin", "mine"]
    await llm.close()
