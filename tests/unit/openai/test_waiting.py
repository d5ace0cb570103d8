"""The SDK's client without `await`, over a loop that runs only while a call waits."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import httpx
import httpx2
import openai
import pydantic
import pytest
from pywebllm.errors import InvalidRequestError, SupportError
from pywebllm.openai import OpenAI, Transport, transport
from pywebllm.waiting import Wait

from tests.unit.openai.page import URL, Page
from tests.unit.runners import piece

HELLO: Any = [{"role": "user", "content": "Hello"}]
CHAT: Any = {"model": "builtin", "messages": HELLO}


class City(pydantic.BaseModel):
    name: str


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


@pytest.fixture
def wait(loop: asyncio.AbstractEventLoop) -> Wait:
    def wait(awaitable: Any) -> Any:
        return loop.run_until_complete(asyncio.ensure_future(awaitable, loop=loop))

    return wait


@pytest.fixture
def client(page: Page, wait: Wait) -> Iterator[openai.OpenAI]:
    with OpenAI(page.llm, wait=wait, max_retries=0, _strict_response_validation=True) as client:
        yield client


@pytest.mark.parametrize("library", [httpx2, httpx], ids=["httpx2", "httpx"])
def test_plain_http_client_is_answered(page: Page, wait: Wait, library: Any) -> None:
    page.chat("Good day").chat("Good ", "day")
    with library.Client(transport=transport(page.llm, wait=wait), base_url=URL) as http:
        whole = http.post("/chat/completions", json=CHAT)
        with http.stream("POST", "/chat/completions", json={**CHAT, "stream": True}) as response:
            lines = [line for line in response.iter_lines() if line]
    assert isinstance(whole, library.Response)
    assert whole.json()["choices"][0]["message"]["content"] == "Good day"
    assert lines[-1] == "data: [DONE]"
    assert page.bridge.disposals == 0


def test_client_without_await_chats_streams_and_parses(page: Page, client: openai.OpenAI) -> None:
    page.chat("Good day").chat("Good ", "day").chat('{"name": "Bonn"}').chat("Good day")
    assert client.chat.completions.create(**CHAT).choices[0].message.content == "Good day"
    stream = client.chat.completions.create(**CHAT, stream=True)
    assert "".join(it.choices[0].delta.content or "" for it in stream) == "Good day"
    parsed = client.chat.completions.parse(**CHAT, response_format=City)
    assert parsed.choices[0].message.parsed == City(name="Bonn")
    assert client.responses.create(model="builtin", input="Hello").output_text == "Good day"


def test_raw_response_knows_how_long_it_took(page: Page, client: openai.OpenAI) -> None:
    page.chat("Good day")
    raw = client.chat.completions.with_raw_response.create(**CHAT)
    assert raw.elapsed.total_seconds() >= 0


def test_stream_left_early_stops_the_engine(
    page: Page, client: openai.OpenAI, loop: asyncio.AbstractEventLoop
) -> None:
    async def answer() -> Any:
        request = await page.request()
        return request.push(json.dumps([piece("Good ")]))

    answering = loop.create_task(answer())
    with client.chat.completions.create(**CHAT, stream=True) as stream:
        next(stream)
    assert loop.run_until_complete(answering).stops > 0


def test_errors_are_the_classes_of_the_sdk(page: Page, client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(**CHAT, web_search_options={})
    assert caught.value.param == "web_search_options"
    with pytest.raises(openai.APITimeoutError):
        client.with_options(timeout=0.02).chat.completions.create(**CHAT)
    with pytest.raises(openai.APITimeoutError):
        list(client.with_options(timeout=0.02).chat.completions.create(**CHAT, stream=True))


def test_client_made_for_the_page_is_closed_with_the_sdks(page: Page, wait: Wait) -> None:
    page.chat("Good day")
    owner = Transport(page.llm, owns_client=True, wait=wait)
    with httpx2.Client(transport=owner, base_url=URL) as http:
        http.post("/chat/completions", json=CHAT)
    assert page.bridge.disposals == 1
    with OpenAI():
        pass  # nothing was used, so nothing has to wait


def test_where_python_cannot_wait_the_error_says_what_to_use() -> None:
    with (
        OpenAI(max_retries=0) as client,
        pytest.raises(SupportError, match="runs models in a browser"),
    ):
        client.chat.completions.create(**CHAT)


def test_http_client_that_would_use_the_network_is_refused(page: Page) -> None:
    with httpx2.Client() as http:
        with pytest.raises(InvalidRequestError, match="transport of the page"):
            OpenAI(http_client=http)
        with pytest.raises(TypeError, match="not both"):
            OpenAI(page.llm, http_client=http)
        with pytest.raises(InvalidRequestError, match="transport of the page"):
            OpenAI(page.llm).with_options(http_client=http)
