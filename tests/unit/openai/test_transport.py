"""The transport under `httpx2` and `httpx`: stopping, waiting and closing."""

from __future__ import annotations

import asyncio
import gc
import json
from types import ModuleType
from typing import Any

import httpx2
import openai
import pytest
from pywebllm.openai import Transport, transport

from tests.unit.openai.page import URL, EngineStream, Page, http_client, read, sdk
from tests.unit.runners import piece

HELLO: Any = [{"role": "user", "content": "Hello"}]
CHAT: Any = {"model": "builtin", "messages": HELLO}
STREAMED: Any = {**CHAT, "stream": True}


async def begun(page: Page, *texts: str) -> EngineStream:
    """Wait for a request and answer it with these texts, without ending."""
    request = await page.request()
    request.push(*(json.dumps([piece(text)]) for text in texts))
    return request


async def test_response_is_of_the_library_that_made_the_request(
    page: Page, library: ModuleType
) -> None:
    page.chat("Good day")
    async with http_client(library, page) as client:
        response = await client.post("/chat/completions", json=CHAT)
    assert isinstance(response, library.Response)
    assert response.json()["choices"][0]["message"]["content"] == "Good day"
    assert response.headers["content-type"] == "application/json"


async def test_request_of_a_subclass_is_accepted(page: Page, library: ModuleType) -> None:
    request_type = type("Mine", (library.Request,), {})
    request = request_type("POST", URL + "/chat/completions", json=CHAT)
    page.chat("Good day")
    response = await transport(page.llm).handle_async_request(request)
    assert isinstance(response, library.Response)


async def test_stream_can_be_read_line_by_line(page: Page, library: ModuleType) -> None:
    page.chat("Good day")
    async with (
        http_client(library, page) as client,
        client.stream("POST", "/chat/completions", json=STREAMED) as response,
    ):
        lines = [line async for line in response.aiter_lines() if line]
    assert lines[-1] == "data: [DONE]"
    assert all(line.startswith("data: ") for line in lines)


async def test_leaving_a_response_stops_the_engine(page: Page, library: ModuleType) -> None:
    async with http_client(library, page) as client:
        opening = client.stream("POST", "/chat/completions", json=STREAMED)
        answering = asyncio.create_task(begun(page, "Good "))
        async with opening as response:
            await anext(response.aiter_bytes())
            stream = await answering
            assert stream.stops == 0
        assert stream.stops > 0


async def test_closing_the_sdks_stream_stops_the_engine(page: Page, library: ModuleType) -> None:
    answering = asyncio.create_task(begun(page, "Good "))
    async with sdk(page, library) as client:
        stream = await client.chat.completions.create(**STREAMED)
        await anext(stream)
        await stream.close()
        assert (await answering).stops > 0


async def test_dropping_the_sdks_stream_stops_the_engine(page: Page) -> None:
    answering = asyncio.create_task(begun(page, "Good "))
    async with sdk(page) as client:
        stream = await client.chat.completions.create(**STREAMED)
        await anext(stream)
        engine = await answering
        del stream
        gc.collect()  # the event loop then closes the SDK's generators in tasks
        async with asyncio.timeout(5):
            await engine.stopped.wait()


async def test_stream_left_by_break_stops_before_the_next_request(page: Page) -> None:
    answering = asyncio.create_task(begun(page, "Good "))
    async with sdk(page) as client:
        gc.disable()
        try:
            async for _ in await client.chat.completions.create(**STREAMED):
                break
            engine = await answering
            await asyncio.sleep(0)
            assert engine.stops == 0, "the SDK's stream is a reference cycle"
            page.chat("Good day")
            await client.chat.completions.create(**CHAT)
            async with asyncio.timeout(5):  # the event loop closes the SDK's generators in tasks
                await engine.stopped.wait()
        finally:
            gc.enable()


async def test_no_garbage_collection_without_an_open_stream(
    page: Page, library: ModuleType
) -> None:
    collections: list[str] = []
    async with http_client(library, page) as client:
        page.chat("Good day").chat("Good day")
        gc.disable()
        gc.callbacks.append(note := lambda phase, info: collections.append(phase))
        try:
            for body in (STREAMED, CHAT):
                await client.post("/chat/completions", json=body)
        finally:
            gc.callbacks.remove(note)
            gc.enable()
    assert collections == []


async def test_dropping_an_unread_response_stops_the_engine(
    page: Page, library: ModuleType
) -> None:
    answering = asyncio.create_task(begun(page, "Good "))
    request = library.Request("POST", URL + "/chat/completions", json=STREAMED)
    response = await transport(page.llm).handle_async_request(request)
    engine = await answering
    assert engine.stops == 0
    del response
    gc.collect()
    assert engine.stops > 0


@pytest.mark.parametrize("body", [CHAT, STREAMED], ids=["whole", "streamed"])
async def test_cancelled_request_stops_the_engine(
    page: Page, library: ModuleType, body: object
) -> None:
    async with http_client(library, page) as client:
        asking = asyncio.create_task(client.post("/chat/completions", json=body))
        engine = await page.request()
        await engine.read.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert engine.stops > 0


async def test_cancelled_read_stops_the_engine_and_the_next_request_is_answered(
    page: Page,
) -> None:
    answering = asyncio.create_task(begun(page, "Good "))
    async with sdk(page) as client:
        stream = await client.chat.completions.create(**STREAMED)
        engine = await answering

        async def read() -> None:
            async for _ in stream:
                pass

        reading = asyncio.create_task(read())
        await engine.read.wait()
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        assert engine.stops > 0
        page.chat("Good day")
        reply = await client.chat.completions.create(**CHAT)
    assert reply.choices[0].message.content == "Good day"


@pytest.mark.parametrize("body", [CHAT, STREAMED], ids=["whole", "streamed"])
async def test_answer_that_does_not_begin_in_time_raises_the_librarys_read_timeout(
    page: Page, library: ModuleType, body: object
) -> None:
    async with http_client(library, page, timeout=library.Timeout(5, read=0.01)) as client:
        with pytest.raises(library.ReadTimeout) as caught:
            await client.post("/chat/completions", json=body)
    assert caught.value.request.url.path == "/v1/chat/completions"
    assert (await page.request()).stops > 0


async def test_piece_that_does_not_arrive_in_time_raises_the_librarys_read_timeout(
    page: Page, library: ModuleType
) -> None:
    answering = asyncio.create_task(begun(page, "Good "))
    async with http_client(library, page, timeout=library.Timeout(5, read=0.05)) as client:
        with pytest.raises(library.ReadTimeout):
            await client.post("/chat/completions", json=STREAMED)
    assert (await answering).stops > 0


@pytest.mark.parametrize("body", [CHAT, STREAMED], ids=["whole", "streamed"])
async def test_read_timeout_raises_the_sdks_timeout_error(
    page: Page, library: ModuleType, body: Any
) -> None:
    answering = asyncio.create_task(begun(page, "Good "))
    async with sdk(page, library, timeout=0.05, max_retries=0) as client:
        with pytest.raises(openai.APITimeoutError):
            await read(await client.chat.completions.create(**body))
    assert (await answering).stops > 0


async def test_request_without_a_timeout_is_not_limited(page: Page, library: ModuleType) -> None:
    page.chat("Good day")
    async with http_client(library, page, timeout=None) as client:
        response = await client.post("/chat/completions", json=STREAMED)
    assert response.text.endswith("data: [DONE]\n\n")


async def test_client_passed_to_the_transport_stays_open(page: Page, library: ModuleType) -> None:
    page.chat("Good day")
    async with http_client(library, page) as client:
        await client.post("/chat/completions", json=CHAT)
    assert page.bridge.disposals == 0


async def test_client_owned_by_the_transport_is_closed_with_it(page: Page) -> None:
    page.chat("Good day")
    owner = Transport(page.llm, owns_client=True)
    async with httpx2.AsyncClient(transport=owner, base_url=URL) as client:
        await client.post("/chat/completions", json=CHAT)
    assert page.bridge.disposals == 1


async def test_transport_without_a_client_creates_one() -> None:
    first, second = transport(), transport()
    assert first.client is first.client
    assert first.client is not second.client
    async with first, second:
        pass


async def test_two_streams_are_answered_one_after_another(page: Page) -> None:
    page.chat("one").chat("two")
    async with sdk(page) as client:
        first = await client.chat.completions.create(**STREAMED)
        second = await client.chat.completions.create(**STREAMED)
        texts = [
            "".join([c.choices[0].delta.content or "" async for c in s]) for s in (first, second)
        ]
    assert texts == ["one", "two"]
