"""Servers as a page reaches them."""

from __future__ import annotations

import logging
from typing import get_args

import httpx2
import openai
import pytest
from pywebllm.backend import connect
from pywebllm.browser import Obstacle, obstacle_to
from pywebllm.openai.reaching import explain_obstacle, wait_for_the_answer
from pywebllm.openai.sdk import UnreachableError

SERVER = "https://example.org/v1"


@pytest.mark.parametrize(
    ("obstacle", "words"),
    [
        ("mixed content", "over https"),
        ("cors", "OLLAMA_ORIGINS"),
        ("unreachable", "permission"),
        ("unknown", "server runs"),
    ],
)
def test_each_obstacle_has_its_advice(obstacle: Obstacle, words: str) -> None:
    message = explain_obstacle(obstacle, url=SERVER, origin="https://me.example")
    assert words in message
    assert SERVER in message
    assert ("https://me.example" in message) is (obstacle == "cors")


def test_every_obstacle_is_explained() -> None:
    assert {explain_obstacle(it, url="", origin="") for it in get_args(Obstacle)}


async def test_outside_a_browser_the_obstacle_is_not_known() -> None:
    assert await obstacle_to(SERVER) == ("unknown", "")


async def test_server_that_is_not_reached_is_an_error_of_the_sdk_with_advice() -> None:
    def refuse(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("refused", request=request)

    http = httpx2.AsyncClient(transport=httpx2.MockTransport(refuse))
    with pytest.raises(UnreachableError, match="Check that the server runs") as caught:
        await connect(base_url=SERVER, prefer="server", http_client=http, max_retries=0)
    assert isinstance(caught.value, openai.APIConnectionError)
    assert isinstance(caught.value.__cause__, openai.APIConnectionError)


async def test_server_that_is_too_slow_is_a_timeout_as_in_the_sdk() -> None:
    def wait(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ReadTimeout("slow", request=request)

    http = httpx2.AsyncClient(transport=httpx2.MockTransport(wait))
    with pytest.raises(openai.APITimeoutError):
        await connect(base_url=SERVER, prefer="server", http_client=http, max_retries=0)


@pytest.mark.parametrize(("owner", "warns"), [("llamacpp", True), ("me", False)])
async def test_server_that_is_known_to_ignore_something_is_warned_of(
    owner: str, warns: bool, caplog: pytest.LogCaptureFixture
) -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        data = [{"id": "m", "object": "model", "created": 0, "owned_by": owner}]
        return httpx2.Response(200, json={"object": "list", "data": data})

    http = httpx2.AsyncClient(transport=httpx2.MockTransport(answer))
    with caplog.at_level(logging.WARNING, logger="pywebllm"):
        client = await connect(base_url=SERVER, prefer="server", http_client=http)
    await client.close()
    assert ("uniqueItems" in caplog.text) is warns


def test_connecting_takes_as_long_as_reading_may() -> None:
    timeout: dict[str, float | None] = {"connect": 5.0, "read": 600.0, "write": 600.0}
    wait_for_the_answer(timeout)
    assert timeout == {"connect": 600.0, "read": 600.0, "write": 600.0}
    unlimited: dict[str, float | None] = {}
    wait_for_the_answer(unlimited)
    assert unlimited == {}
