"""Python and the engine in a frame with `sandbox="allow-scripts"`: no origin, storage or worker."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page
from pywebllm.builtin import BUILTIN_PATH

from model.browser.page import bare_page
from model.browser.python import FramePython
from model.browser.site import ROOT
from tests.faults.server import FaultyServer, faulty_server

# The address of the files is that of the parent's page, unless there is a `<base>`.
_ADD_FRAME = """base => new Promise(resolve => {
  const frame = document.createElement("iframe");
  frame.setAttribute("sandbox", "allow-scripts");
  frame.allow = "local-network-access";
  frame.srcdoc = `<!doctype html><base href="${base}"><p>A frame`;
  frame.onload = resolve;
  document.body.append(frame);
})"""


@pytest.fixture
def server(site: str) -> Iterator[FaultyServer]:
    """The site, as a host serves it that allows every origin, such as GitHub Pages."""
    with faulty_server(ROOT / "build/site") as found:
        yield found


def sandboxed_python(page: Page, site: str, server: FaultyServer) -> FramePython:
    """Start Python in a sandboxed frame of a page."""
    page.context.grant_permissions(["local-network-access"])
    bare_page(page, site)
    page.evaluate(_ADD_FRAME, server.url)
    return FramePython(page.frames[-1])


def test_sandboxed_frame_loads_models_of_the_wheel_and_of_a_server(
    page: Page, site: str, server: FaultyServer
) -> None:
    async def support() -> list[Any]:
        from pywebllm import check_support

        found = await check_support()
        return [found.ok, found.thread, found.storage, found.advice]

    async def ask(folder: str | None) -> list[str]:
        from pywebllm import AsyncWebLLM, ModelRecord

        record = None
        if folder is not None:
            record = ModelRecord(model_id="served", model=folder, model_lib=folder + "model.wasm")
        async with AsyncWebLLM(record) as llm:
            stream = await llm.completions.create(
                prompt="Ada is", max_tokens=8, temperature=0, stream=True
            )
            return [chunk.text async for chunk in stream]

    python = sandboxed_python(page, site, server)
    ok, thread, storage, advice = python.run(support)
    assert (ok, thread, storage) == (True, "main", False)
    assert "allow-same-origin" in advice
    written = python.run(ask, folder=None)
    assert len("".join(written)) > 8
    assert server.count("params_shard_0.bin") == 0, "the wheel carries the model"
    assert python.run(ask, folder=server.url + BUILTIN_PATH) == written
    assert server.count("params_shard_0.bin") == 1
    assert page.workers == []
