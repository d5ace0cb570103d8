"""`pywebllm.openai.AsyncOpenAI`, and imports without the SDK."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import httpx2
import openai
import pytest
from pywebllm import openai as ours
from pywebllm.client import AsyncWebLLM
from pywebllm.errors import InvalidRequestError
from pywebllm.openai import AsyncOpenAI, Transport

from tests.unit.openai.page import URL, Page

APP = Path(__file__).parents[3] / "app"


def python(code: str) -> str:
    """Run code in a new Python process, and return its output."""
    run = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(APP)!r}); {code}"],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return run.stdout.strip()


def made_client(client: openai.AsyncOpenAI) -> AsyncWebLLM:
    found = client._client._transport
    assert isinstance(found, Transport)
    return found.client


async def test_sdk_client_answers_from_the_page(page: Page) -> None:
    page.chat("Good day")
    async with AsyncOpenAI(page.llm, _strict_response_validation=True) as client:
        assert isinstance(client, openai.AsyncOpenAI)
        response = await client.responses.create(model="builtin", input="Hello")
    assert response.output_text == "Good day"
    assert page.bridge.disposals == 0


async def test_sdk_client_without_a_page_client_creates_one() -> None:
    async with AsyncOpenAI() as client:
        assert isinstance(made_client(client), AsyncWebLLM)
        assert made_client(client).default is None


async def test_sdk_client_takes_the_options_of_the_sdk() -> None:
    async with AsyncOpenAI(max_retries=7, timeout=8.0, api_key="k") as client:
        assert (client.max_retries, client.timeout, client.api_key) == (7, 8.0, "k")
        assert str(client.base_url) == "http://pywebllm.invalid/v1/"


async def test_sdk_client_with_other_options_uses_the_same_page(page: Page) -> None:
    page.chat("Good day")
    async with AsyncOpenAI(page.llm) as client:
        other = client.with_options(max_retries=0)
        response = await other.responses.create(model="builtin", input="Hello")
    assert isinstance(other, AsyncOpenAI)
    assert response.output_text == "Good day"


@pytest.mark.parametrize("library", [httpx2, httpx])
async def test_sdk_client_accepts_a_custom_http_client(page: Page, library: type) -> None:
    page.chat("Good day")
    http = library.AsyncClient(transport=ours.transport(page.llm), base_url=URL)  # type: ignore[attr-defined]
    async with AsyncOpenAI(http_client=http) as client:
        response = await client.responses.create(model="builtin", input="Hello")
    assert response.output_text == "Good day"


async def test_page_client_and_custom_http_client_exclude_each_other(page: Page) -> None:
    async with httpx2.AsyncClient() as http:
        with pytest.raises(TypeError, match="not both"):
            AsyncOpenAI(page.llm, http_client=http)


@pytest.mark.parametrize("library", [httpx2, httpx])
async def test_sdk_client_refuses_an_http_client_that_would_use_the_network(library: Any) -> None:
    async with library.AsyncClient(timeout=5) as http:
        with pytest.raises(InvalidRequestError, match="transport of the page") as caught:
            AsyncOpenAI(http_client=http)
    assert caught.value.param == "http_client"


@pytest.mark.parametrize("library", [httpx2, httpx])
async def test_sdk_client_refuses_an_http_client_with_a_proxy_for_some_addresses(
    page: Page, library: Any
) -> None:
    own = ours.transport(page.llm)
    mounts = {"https://": library.AsyncHTTPTransport()}
    async with library.AsyncClient(transport=own, mounts=mounts) as http:
        with pytest.raises(InvalidRequestError, match="transport of the page"):
            AsyncOpenAI(http_client=http)
    async with library.AsyncClient(
        transport=own, mounts={"https://": None, "http://": own}
    ) as http:
        AsyncOpenAI(http_client=http)


@pytest.mark.parametrize("name", ["with_options", "copy"])
async def test_other_options_of_a_sdk_client_cannot_lead_to_the_network(
    page: Page, name: str
) -> None:
    async with AsyncOpenAI(page.llm) as client, httpx2.AsyncClient() as http:
        with pytest.raises(InvalidRequestError, match="transport of the page"):
            getattr(client, name)(http_client=http)
        with pytest.raises(InvalidRequestError, match="transport of the page"):
            getattr(client.with_options(max_retries=0), name)(http_client=http)


async def test_other_base_url_of_a_sdk_client_is_answered_by_the_page(page: Page) -> None:
    page.chat("Good day")
    async with AsyncOpenAI(page.llm) as client:
        other = client.with_options(base_url="https://api.openai.com/v1")
        response = await other.responses.create(model="builtin", input="Hello")
    assert response.output_text == "Good day"


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="AsyncClosedAI"):
        ours.AsyncClosedAI  # noqa: B018


def test_import_loads_neither_the_sdk_nor_an_http_library() -> None:
    code = "import pywebllm.openai; print({'openai', 'httpx', 'httpx2'} & set(sys.modules))"
    assert python(code) == "set()"


def test_without_the_sdk_the_transport_works_and_the_client_advises_installing_it() -> None:
    code = (
        "sys.modules['openai'] = None\n"
        "from pywebllm.openai import transport; transport()\n"
        "try:\n    from pywebllm.openai import AsyncOpenAI\n"
        "except ImportError as error:\n    print(error)"
    )
    # Not "pywebllm[openai]": micropip 0.11.1 ignores an extra of a package that is installed.
    assert 'micropip.install("openai")' in python(code)
