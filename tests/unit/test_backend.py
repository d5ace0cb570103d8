"""The choice between the model in the page and a server."""

from __future__ import annotations

import logging
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import openai
import pytest
from pywebllm.backend import connect
from pywebllm.builtin import BUILTIN_MODEL
from pywebllm.client import AsyncWebLLM
from pywebllm.errors import (
    AssetsError,
    DownloadError,
    EngineError,
    FeatureSupportError,
    InvalidRequestError,
    ModelNotFoundError,
    SupportError,
    WebLLMError,
)
from pywebllm.openai import Transport
from pywebllm.openai.sdk import ConnectedOpenAI
from pywebllm.records import ModelRecord
from pywebllm.values import Backend, Support

from tests.unit.openai.page import Page

SERVER = "https://example.org/v1"
HALF = ModelRecord(
    model_id="half", model="./half/", model_lib="./half.wasm", required_features=("shader-f16",)
)
UNDECLARED = ModelRecord(model_id="mine-q0f16", model="./half/", model_lib="./half.wasm")

Check = Callable[[], Awaitable[Support]]


def check(support: Support | WebLLMError) -> Check:
    async def found() -> Support:
        if isinstance(support, WebLLMError):
            raise support
        return support

    return found


def without_webgpu() -> Check:
    return check(Support(ok=False, problem="This browser has no WebGPU.", advice="Use another."))


def server(*models: str, received: list[httpx2.Request] | None = None) -> httpx2.AsyncClient:
    """Return an HTTP client whose server lists these models."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        if received is not None:
            received.append(request)
        data = [{"id": m, "object": "model", "created": 0, "owned_by": "me"} for m in models]
        return httpx2.Response(200, json={"object": "list", "data": data})

    return httpx2.AsyncClient(transport=httpx2.MockTransport(answer))


async def test_page_answers_where_there_is_webgpu() -> None:
    page = Page()
    page.chat("Good day")
    client = await connect(base_url=SERVER, client=page.llm, check=check(Support(ok=True)))
    async with client:
        response = await client.responses.create(model=client.backend.model, input="Hello")
    assert response.output_text == "Good day"
    assert client.backend == Backend(
        kind="page",
        base_url="http://pywebllm.invalid/v1",
        model=BUILTIN_MODEL,
        reason="this browser can run the model",
    )
    assert page.bridge.disposals == 0


async def test_client_of_the_page_refuses_an_http_client_that_would_use_the_network() -> None:
    client = await connect(client=Page().llm, check=check(Support(ok=True)))
    async with client, server("first") as http:
        with pytest.raises(InvalidRequestError, match="transport of the page"):
            client.with_options(http_client=http)


async def test_client_that_connect_creates_has_the_given_model() -> None:
    client = await connect(
        model=HALF, check=check(Support(ok=True, features=frozenset(["shader-f16"])))
    )
    async with client:
        assert client.backend.model == "half"


async def test_server_answers_where_there_is_no_webgpu() -> None:
    received: list[httpx2.Request] = []
    client = await connect(
        base_url=SERVER,
        api_key="secret",
        check=without_webgpu(),
        http_client=server("first", "second", received=received),
    )
    async with client:
        backend = client.backend
    assert (backend.kind, backend.base_url, backend.model) == ("server", SERVER, "first")
    assert "no WebGPU" in backend.reason
    assert [str(request.url) for request in received] == [SERVER + "/models"]
    assert received[0].headers["authorization"] == "Bearer secret"


async def test_server_gets_no_request_when_its_model_is_given() -> None:
    received: list[httpx2.Request] = []
    client = await connect(
        base_url=SERVER,
        server_model="mine",
        check=without_webgpu(),
        http_client=server("first", received=received),
    )
    async with client:
        assert client.backend.model == "mine"
    assert received == []


async def test_server_without_models_is_an_error() -> None:
    http = server()
    with pytest.raises(ModelNotFoundError, match="server_model"):
        await connect(base_url=SERVER, check=without_webgpu(), http_client=http)
    # The caller's own, for the next attempt.
    assert not http.is_closed
    await http.aclose()


async def test_nothing_is_left_open_of_a_connection_that_failed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    closed: list[ConnectedOpenAI] = []
    close = ConnectedOpenAI.close

    async def noted(client: ConnectedOpenAI) -> None:
        await close(client)
        closed.append(client)

    monkeypatch.setattr(ConnectedOpenAI, "close", noted)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}/v1"
        with pytest.raises(openai.APIConnectionError):
            await connect(base_url=address, check=without_webgpu(), max_retries=0)
    assert [client.is_closed() for client in closed] == [True]


async def test_server_that_does_not_answer_is_the_sdks_error() -> None:
    def refuse(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("refused", request=request)

    http = httpx2.AsyncClient(transport=httpx2.MockTransport(refuse))
    with pytest.raises(openai.APIConnectionError):
        await connect(base_url=SERVER, check=without_webgpu(), http_client=http, max_retries=0)
    await http.aclose()


async def test_connect_without_webgpu_and_server_raises_the_reason() -> None:
    with pytest.raises(SupportError, match="no WebGPU") as caught:
        await connect(check=without_webgpu())
    assert caught.value.advice == "Use another."


@pytest.mark.parametrize("base_url", [None, SERVER])
@pytest.mark.parametrize("kind", [AssetsError, DownloadError, EngineError])
async def test_failed_support_check_is_an_error_and_not_a_reason_for_the_server(
    kind: type[WebLLMError], base_url: str | None
) -> None:
    with pytest.raises(kind):
        await connect(base_url=base_url, server_model="mine", check=check(kind("no bridge")))


async def test_browser_that_blocks_the_engine_is_a_reason_for_the_server() -> None:
    forbidden = check(SupportError("the page forbids eval"))
    async with await connect(base_url=SERVER, server_model="mine", check=forbidden) as client:
        assert client.backend.reason == "the page forbids eval"


async def test_server_without_a_key_gets_no_authorization_header() -> None:
    received: list[httpx2.Request] = []
    for headers in (None, {"X-Mine": "1"}, {"authorization": "Basic me"}):
        client = await connect(
            base_url=SERVER,
            check=without_webgpu(),
            http_client=server("first", received=received),
            default_headers=headers,
        )
        async with client.with_options(max_retries=0) as copy:
            await copy.models.list()
    sent = [request.headers.get("authorization") for request in received]
    assert sent == [None, None, None, None, "Basic me", "Basic me"]
    assert received[2].headers["x-mine"] == "1"


@pytest.mark.parametrize("model", [HALF, UNDECLARED, "Llama-3.2-1B-Instruct-q4f16_1-MLC"])
async def test_model_that_needs_more_than_the_gpu_has_is_a_reason_for_the_server(
    model: str | ModelRecord,
) -> None:
    plain = check(Support(ok=True))
    client = await connect(base_url=SERVER, server_model="mine", model=model, check=plain)
    async with client:
        assert client.backend.kind == "server"
        assert "shader-f16" in client.backend.reason
    with pytest.raises(FeatureSupportError):
        await connect(model=model, check=plain)
    able = check(Support(ok=True, features=frozenset(["shader-f16"])))
    async with await connect(base_url=SERVER, model=model, check=able) as client:
        assert client.backend.kind == "page"


async def test_preferred_server_is_chosen_without_a_support_check() -> None:
    must_not_run = check(AssertionError("checked"))  # type: ignore[arg-type]
    client = await connect(
        base_url=SERVER, server_model="mine", prefer="server", check=must_not_run
    )
    async with client:
        assert client.backend.kind == "server"


async def test_invalid_preference_is_rejected_before_any_request() -> None:
    received: list[httpx2.Request] = []
    with pytest.raises(InvalidRequestError, match="prefer must be 'page', 'browser' or 'server'"):
        await connect(base_url=SERVER, prefer="Page", http_client=server("m", received=received))  # type: ignore[arg-type]
    assert received == []


async def test_page_is_chosen_without_a_server_even_if_one_is_preferred() -> None:
    page = Page()
    client = await connect(client=page.llm, prefer="server", check=check(Support(ok=True)))
    async with client:
        assert client.backend.kind == "page"


async def test_server_is_chosen_outside_a_browser() -> None:
    client = await connect(base_url=SERVER, server_model="mine")
    async with client:
        assert client.backend.kind == "server"


async def test_choice_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="pywebllm"):
        client = await connect(base_url=SERVER, server_model="mine", check=without_webgpu())
    await client.close()
    assert SERVER in caplog.text
    assert "no WebGPU" in caplog.text


async def test_copy_of_the_client_keeps_its_backend() -> None:
    client = await connect(base_url=SERVER, server_model="mine", check=without_webgpu())
    async with client:
        assert client.with_options(max_retries=0).backend == client.backend
        assert client.copy(timeout=1).backend == client.backend


@pytest.mark.parametrize("also", [{"model": "x"}, {"assets_url": "./"}])
async def test_client_excludes_model_and_assets_url(also: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="not both"):
        await connect(client=AsyncWebLLM(), check=check(Support(ok=True)), **also)


@pytest.mark.parametrize("given", [True, False])
async def test_only_a_client_that_connect_created_is_closed_with_the_sdks(given: bool) -> None:
    llm = AsyncWebLLM() if given else None
    async with await connect(client=llm, check=check(Support(ok=True))) as client:
        transport = client._client._transport
        assert isinstance(transport, Transport)
        assert transport.owns_client is not given


@pytest.mark.parametrize(
    ("state", "prefer", "kind"),
    [
        ("available", "page", "browser"),
        ("downloading", "page", "browser"),
        ("downloadable", "page", "server"),
        ("downloadable", "browser", "browser"),
        ("unavailable", "browser", "server"),
        ("missing", "page", "server"),
        ("available", "server", "server"),
    ],
)
async def test_browsers_own_model_is_between_the_page_and_the_server(
    monkeypatch: pytest.MonkeyPatch, state: str, prefer: Any, kind: str
) -> None:
    async def found(**_: object) -> str:
        return state

    monkeypatch.setattr("pywebllm.browser.browser_model_state", found)
    client = await connect(base_url=SERVER, server_model="m", prefer=prefer, check=without_webgpu())
    async with client:
        assert client.backend.kind == kind
        assert client.backend.model == ("browser" if kind == "browser" else "m")


async def test_page_that_can_run_the_model_comes_before_the_browsers_own() -> None:
    client = await connect(client=Page().llm, check=check(Support(ok=True)))
    async with client:
        assert client.backend.kind == "page"
