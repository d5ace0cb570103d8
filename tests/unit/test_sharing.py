"""Clients with `share=True`: what they ask of the bridge, and what becomes of an unloaded model."""

from __future__ import annotations

import asyncio
import functools
from typing import Any

import pytest
from pywebllm import backend
from pywebllm.browser import open_bridge
from pywebllm.client import AsyncWebLLM
from pywebllm.errors import InvalidRequestError, ModelUnloadedError
from pywebllm.openai import transport
from pywebllm.persona.service import WebLLMService
from pywebllm.sync.client import WebLLM
from pywebllm.values import ModelLoss

from tests.unit.answering import AnsweringBridge, written
from tests.unit.fakes import loss

pytestmark = pytest.mark.timeout(20)

HELLO = [{"role": "user", "content": "Hello"}]
ADA = {"name": "Ada"}


class SharedBridge(AnsweringBridge):
    """A bridge whose engine other pages use as well."""

    is_shared = True
    users = 2


def opener_of(llm: AsyncWebLLM) -> functools.partial[Any]:
    opener = llm._pool._open_bridge
    assert isinstance(opener, functools.partial)
    return opener


async def test_client_passes_what_it_shares_to_the_bridge() -> None:
    opener = opener_of(AsyncWebLLM(share=True, keep_alive="1h", max_models=2))
    assert opener.func is open_bridge
    expected: dict[str, Any] = {"share": True, "keep_alive": 3600.0, "max_models": 2}
    expected |= {"assets_url": None, "engine": "auto"}
    assert opener.keywords == expected
    assert opener_of(AsyncWebLLM()).keywords["share"] is False


async def test_every_entry_point_can_share() -> None:
    service = WebLLMService(share=True, keep_alive=0)
    clients = [service._client, WebLLM(share=True)._client, transport(share=True).client]
    assert [opener_of(llm).keywords["share"] for llm in clients] == [True] * 3
    assert opener_of(service._client).keywords["keep_alive"] == 0


async def test_sharing_is_an_option_of_the_client_that_answers() -> None:
    llm = AsyncWebLLM()
    for make in (
        lambda: WebLLMService(client=llm, share=True),
        lambda: transport(llm, share=True),
        lambda: AsyncWebLLM(bridge=open_bridge, share=True),
    ):
        with pytest.raises(TypeError, match="share"):
            make()
    with pytest.raises(TypeError, match="share"):
        await backend.connect(client=llm, share=True)


def test_keep_alive_is_checked_when_the_client_is_made() -> None:
    with pytest.raises(InvalidRequestError, match="keep_alive"):
        AsyncWebLLM(keep_alive="soon")


async def test_client_says_whether_it_shares_once_it_knows() -> None:
    for bridge, shared, users in ((SharedBridge(), True, 2), (AnsweringBridge(), False, 0)):

        async def opened(bridge: AnsweringBridge = bridge) -> AnsweringBridge:
            return bridge

        async with AsyncWebLLM(bridge=opened) as llm:
            assert (llm.shared, llm.in_use_by()) == (None, 0)
            await llm.load()
            assert (llm.shared, llm.in_use_by()) == (shared, users)


@pytest.mark.parametrize("force", [False, True])
async def test_unload_leaves_the_model_to_others_unless_it_is_forced(force: bool) -> None:
    bridge = SharedBridge()

    async def opened() -> SharedBridge:
        return bridge

    llm = AsyncWebLLM(bridge=opened)
    await llm.load()
    await llm.unload(force=force)
    assert (bridge.unloads, bridge.disposals) == ([force], 1)
    await llm.load()
    await llm.close()
    assert (bridge.unloads, bridge.disposals) == ([force], 2)


async def test_request_after_the_model_was_unloaded_loads_it_again() -> None:
    bridge = SharedBridge(written("Hi"), written("Hi"))

    async def opened() -> SharedBridge:
        return bridge

    async with AsyncWebLLM(bridge=opened) as llm:
        lost: asyncio.Queue[ModelLoss] = asyncio.Queue()
        llm.api.lost.subscribe(lost.put_nowait)
        await llm.load()
        bridge.events.push(loss("ModelUnloadedError", "another client unloaded it"))
        assert isinstance((await lost.get()).error, ModelUnloadedError)
        assert not llm.is_loaded()
        reply = await llm.chat.completions.create(messages=HELLO)
        assert (reply.text, len(bridge.loaded)) == ("Hi", 2)


async def test_persona_after_the_model_was_unloaded_loads_it_again() -> None:
    bridge = SharedBridge(written("Ada."))
    statuses: asyncio.Queue[str] = asyncio.Queue()

    async def opened() -> SharedBridge:
        return bridge

    async with WebLLMService(bridge=opened) as service:
        assert await service.initialize()
        service.status_updated.subscribe(statuses.put_nowait)
        bridge.events.push(loss("ModelUnloadedError", "it was not used for 300 s"))
        assert "loads it again" in await statuses.get()
        assert (service.is_initialized, service.last_error) == (True, None)
        assert await service.generate_persona(ADA) == "Ada."
        assert len(bridge.loaded) == 2
