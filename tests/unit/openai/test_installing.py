"""The page as a host, for libraries that take no HTTP client."""

from __future__ import annotations

import asyncio
import importlib
import os
import sys
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest
from pywebllm.openai import install

from tests.unit.openai.page import Page

CHAT: Any = {"model": "builtin", "messages": [{"role": "user", "content": "Hello"}]}


def waiting(awaitable: Any) -> Any:
    async def result() -> Any:
        return await awaitable

    return asyncio.run(result())


async def test_every_client_of_the_sdk_made_afterwards_reaches_the_page(page: Page) -> None:
    page.chat("one").chat("two")
    with install(page.llm) as installed:
        key: Any = {"base_url": installed.base_url, "api_key": "-", "max_retries": 0}
        async with openai.AsyncOpenAI(**key) as client:
            first = await client.chat.completions.create(**CHAT)
        # An HTTP client that a library makes itself, for example to log requests.
        http = openai.DefaultAsyncHttpxClient(timeout=5)
        async with openai.AsyncOpenAI(**key, http_client=http) as client:
            second = await client.chat.completions.create(**CHAT)
    assert [it.choices[0].message.content for it in (first, second)] == ["one", "two"]
    assert page.bridge.disposals == 0
    assert installed.client is page.llm


def test_client_without_await_reaches_the_page(page: Page) -> None:
    page.chat("one")
    with (
        install(page.llm, wait=waiting) as installed,
        openai.OpenAI(base_url=installed.base_url, api_key="-") as client,
    ):
        assert client.chat.completions.create(**CHAT).choices[0].message.content == "one"


@pytest.mark.parametrize("kind", [openai.OpenAI, openai.AsyncOpenAI])
def test_undone_nothing_is_left_of_it(page: Page, kind: Any) -> None:
    before = httpx2.Client.__init__, httpx2.AsyncClient.__init__
    uninstall = install(page.llm, default=True)
    assert str(kind().base_url) == "http://pywebllm.invalid/v1/"
    uninstall()
    uninstall()
    assert (httpx2.Client.__init__, httpx2.AsyncClient.__init__) == before
    assert "OPENAI_BASE_URL" not in os.environ
    assert kind(api_key="-")._client._mounts == {}


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["oldest first", "newest first"])
def test_installations_are_undone_in_any_order(page: Page, order: tuple[int, int]) -> None:
    before = httpx2.Client.__init__, httpx2.AsyncClient.__init__
    other = Page()
    both = (install(page.llm, default=True), install(other.llm, default=True))

    def answering() -> Any:
        transports: list[Any] = [*openai.AsyncOpenAI()._client._mounts.values()]
        return transports[0].client

    assert answering() is other.llm
    both[order[0]]()
    assert answering() is both[order[1]].client
    both[order[1]]()
    assert (httpx2.Client.__init__, httpx2.AsyncClient.__init__) == before
    assert "OPENAI_BASE_URL" not in os.environ


def test_variables_that_were_set_are_restored(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "https://example.org/v1")
    with install(page.llm, default=True):
        assert os.environ["OPENAI_BASE_URL"] == "http://pywebllm.invalid/v1"
    assert os.environ["OPENAI_BASE_URL"] == "https://example.org/v1"


async def test_other_hosts_are_not_answered_by_the_page(page: Page) -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(418, text=request.url.host)

    with install(page.llm):
        other = httpx2.AsyncClient(transport=httpx2.MockTransport(answer))
        async with other:
            assert (await other.get("https://example.org/v1/models")).text == "example.org"


async def test_mounts_of_a_client_are_kept(page: Page) -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(418, request=request)

    mounts = {"all://example.org": httpx2.MockTransport(answer)}
    with install(page.llm):
        async with httpx2.AsyncClient(mounts=mounts) as client:
            assert (await client.get("https://example.org/")).status_code == 418
            found = await client.get("http://pywebllm.invalid/v1/nonsense")
    assert found.status_code == 404


@pytest.mark.parametrize("whole", [True, False], ids=["the SDK", "what the SDK needs"])
def test_missing_package_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, whole: bool
) -> None:
    # The SDK and our module of it are imported again, from where there is none or a broken one.
    for name in [it for it in sys.modules if it.partition(".")[0] == "openai"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "pywebllm.openai.sdk", raising=False)
    if whole:
        monkeypatch.setitem(sys.modules, "openai", None)
    else:
        (tmp_path / "openai.py").write_text("import idna_that_is_missing")
        monkeypatch.syspath_prepend(tmp_path)
    expected = 'micropip.install."openai"' if whole else "idna_that_is_missing"
    with pytest.raises(ImportError, match=expected):
        importlib.import_module("pywebllm.openai.sdk")
