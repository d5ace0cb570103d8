"""`connect`: the model in the page where there is WebGPU, else a real server on this machine."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page

from model.browser.pyodide_wheels import pyodide_wheels
from model.browser.python import PagePython
from model.browser.server import QuietHandler, serving
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


async def reach(origin: str) -> list[Any]:
    """Ask a server that is slow, one that refuses this page, and one that is not there."""
    import openai
    from pywebllm import connect

    async def failure(path: str, **limits: float) -> Any:
        options: Any = {"timeout": openai.Timeout(30, **limits), "max_retries": 0}
        try:
            await connect(base_url=path, prefer="server", **options)
        except openai.APIConnectionError as error:
            return error
        raise AssertionError("the server answered")

    slow = f"{origin}/slow/v1"
    # In a page the wait for the answer counts as connecting, of which this is less.
    patient = openai.Timeout(30, connect=0.5)
    async with await connect(base_url=slow, prefer="server", timeout=patient) as client:
        waited = client.backend.model
    late = await failure(slow, read=0.5)
    refused = await failure(f"{origin}/v1")
    absent = await failure("http://127.0.0.1:9/v1")
    kinds = [type(error).__name__ for error in (late, refused, absent)]
    return [kinds, waited, str(refused), str(absent)]


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
    with serving(_Odd) as odd:
        kinds, waited, refused, absent = python.run(reach, origin=odd)
    assert kinds == ["APITimeoutError", "UnreachableError", "UnreachableError"]
    assert waited == "m"
    assert "OLLAMA_ORIGINS" in refused
    assert site.rstrip("/") in refused
    assert "Check that the server runs" in absent


class _Odd(QuietHandler):
    """A server that takes a while, and only allows other origins below `/slow/`."""

    def do_GET(self) -> None:  # noqa: N802 (the name that the base class calls)
        time.sleep(1.5 if self.path.startswith("/slow/") else 0)
        model = {"id": "m", "object": "model", "created": 0, "owned_by": "me"}
        body = json.dumps({"object": "list", "data": [model]}).encode()
        self._answer(body)

    def do_OPTIONS(self) -> None:  # noqa: N802
        self._answer(b"")

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if self.path.startswith("/slow/"):
            for name in ("Origin", "Headers", "Methods"):
                self.send_header(f"Access-Control-Allow-{name}", "*")
        self.end_headers()
        self.wfile.write(body)
