"""`connect`: the model in the page where there is WebGPU, else a real server on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page

from model.browser.pyodide_wheels import pyodide_wheels
from model.browser.python import PagePython
from tests.browser.llama_server import MODEL, llama_server
from tests.browser.watch import PageWatch

HI = {"messages": [{"role": "user", "content": "Tell of Ada."}], "max_tokens": 8, "temperature": 0}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the built-in model with llama.cpp."""
    with llama_server(tmp_path_factory.mktemp("model")) as address:
        yield address


async def ask(base_url: str, request: dict[str, Any]) -> list[Any]:
    from pywebllm import connect

    # The SDK waits for 5 s until a server begins to answer, which a busy machine exceeds.
    async with await connect(base_url=base_url, timeout=100) as client:
        model = client.backend.model
        create = client.chat.completions.create
        whole = await create(**request, model=model)
        stream = await create(**request, model=model, stream=True)
        pieces = [choice.delta.content async for chunk in stream for choice in chunk.choices]
    text = whole.choices[0].message.content
    return [client.backend.kind, model, client.backend.reason, text, pieces]


def test_connect_chooses_the_page_that_can_run_the_model(
    sdk_python: PagePython, server: str
) -> None:
    """It sends no request to the server, which the fixture checks."""
    kind, model, reason, text, pieces = sdk_python.run(ask, base_url=server, request=HI)
    assert (kind, model) == ("page", "pywebllm-persona-q4f32_1")
    assert reason
    assert "".join(piece or "" for piece in pieces) == text
    assert "Ada" in text


def test_connect_chooses_the_server_without_webgpu(
    context: BrowserContext, page: Page, watch: PageWatch, site: str, server: str
) -> None:
    context.add_init_script("delete Navigator.prototype.gpu")
    # The permission that Chromium asks for when a page reaches a server on the visitor's machine.
    context.grant_permissions(["local-network-access"])
    python = PagePython(page, site, pyodide_wheels("pyodide-requirements.txt"))
    kind, model, reason, text, pieces = python.run(ask, base_url=server, request=HI)
    assert (kind, model) == ("server", MODEL)
    assert "WebGPU" in reason
    assert "".join(piece or "" for piece in pieces) == text
    assert "Ada" in text
    assert f"{server}/chat/completions" in watch.requests
