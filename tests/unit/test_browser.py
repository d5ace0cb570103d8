"""The border on CPython: it can be imported, and raises errors. Browser tests do the rest."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace
from typing import Any

import pytest
from pywebllm.browser import check_support, files, host, open_bridge, run_sync
from pywebllm.browser.bridges import JsBridge
from pywebllm.browser.files import WheelAssets
from pywebllm.browser.opening import _open_shared
from pywebllm.builtin import BUILTIN_CONFIG, BUILTIN_MODEL
from pywebllm.errors import SupportError
from pywebllm.records import ModelRecord, WllamaRecord, engine_of
from pywebllm.sync.client import WebLLM

from tests.unit.fakes import BUILTIN


class Files:
    """Assets that count in `published` how often the model is published."""

    published = 0

    wllama: str | bool = False

    def url(self, name: str) -> str:
        """Return a URL that nothing uses."""
        return name

    def wllama_urls(self) -> tuple[str, str]:
        """Return URLs that nothing uses."""
        return ("wllama.js", "wllama.wasm")

    async def builtin(self, bridge: Any) -> ModelRecord:
        """Publish the model."""
        self.published += 1
        return BUILTIN


class Script:
    """The part of the JavaScript bridge that says which model is loaded."""

    held: str | None = None

    def holds(self, request: str) -> bool:
        """Return whether this model is loaded."""
        return bool(json.loads(request)["model"]["model_id"] == self.held)


class ChoosingScript(Script):
    """A bridge that chooses an engine, and counts how often it is asked."""

    asked = 0

    async def chooseEngine(self, wllama: str | bool) -> str:  # noqa: N802
        """Choose llama.cpp."""
        assert wllama == "wllama.js"
        self.asked += 1
        return '{"engine": "wllama", "reason": "software-adapter"}'


@pytest.mark.parametrize(
    ("engine", "installed", "expected", "asked"),
    [
        ("auto", "wllama.js", "wllama", 1),
        ("auto", False, "webllm", 0),
        ("wllama", "wllama.js", "wllama", 0),
        ("webllm", "wllama.js", "webllm", 0),
    ],
)
async def test_built_in_model_goes_to_the_engine_that_was_named_or_chosen(
    engine: str, installed: str | bool, expected: str, asked: int
) -> None:
    script, files = ChoosingScript(), Files()
    files.wllama = installed
    found = await JsBridge(script, files, engine=engine).locate(None)
    assert (engine_of(found), script.asked) == (expected, asked)
    assert found.model == BUILTIN.model
    reason = found.reason if isinstance(found, WllamaRecord) else ""
    assert bool(reason) == bool(asked)


async def test_gguf_model_goes_to_wllama_with_absolute_urls(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(host, "absolute_url", lambda url: f"https://page/{url}")
    record = ModelRecord(model_id="m", gguf=("a.gguf", "b.gguf"))
    found = await JsBridge(Script(), Files()).locate(record)
    assert isinstance(found, WllamaRecord)
    assert found.parts == ("https://page/a.gguf", "https://page/b.gguf")
    assert (found.wllama_url, found.wasm_url) == ("wllama.js", "wllama.wasm")


async def test_opening_a_bridge_outside_a_browser_is_a_support_error() -> None:
    with pytest.raises(SupportError, match="from Pyodide or PyScript"):
        await open_bridge(assets_url="./")


async def test_shared_bridge_that_opens_after_a_cancellation_is_disposed() -> None:
    opened, disposed = asyncio.Event(), asyncio.Event()

    async def open_shared(_config: str) -> Any:
        await opened.wait()
        return SimpleNamespace(dispose=disposed.set)

    task = asyncio.create_task(_open_shared(SimpleNamespace(openSharedBridge=open_shared), "{}"))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    opened.set()
    await disposed.wait()


async def test_checking_support_outside_a_browser_is_a_support_error() -> None:
    with pytest.raises(SupportError, match="from Pyodide or PyScript"):
        await check_support()


def test_run_sync_outside_a_browser_starts_nothing() -> None:
    started: list[bool] = []

    async def work() -> None:
        started.append(True)

    # A coroutine that is never awaited would be a warning, and warnings are errors here.
    with pytest.raises(SupportError, match="from Pyodide or PyScript"):
        run_sync(work())
    assert started == []


def test_pyodide_without_can_run_sync_is_a_support_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """As Pyodide 0.25 is."""
    page = SimpleNamespace(document=object(), WebAssembly=SimpleNamespace(Suspending=object()))
    monkeypatch.setattr(host, "js", page)
    monkeypatch.setattr(host, "ffi", SimpleNamespace(), raising=False)
    with pytest.raises(SupportError, match=r"Pyodide 0\.26 or newer; or use AsyncWebLLM"):
        WebLLM().load()


async def test_built_in_model_is_published_again_for_each_load_but_not_for_requests() -> None:
    script, files = Script(), Files()
    bridge = JsBridge(script, files)
    assert await bridge.locate(None) == BUILTIN
    script.held = BUILTIN.model_id
    assert [await bridge.locate(None) for _ in range(3)] == [BUILTIN] * 3
    assert files.published == 1
    script.held = "another"
    assert await bridge.locate(None) == BUILTIN
    script.held = None
    assert await bridge.locate(None) == BUILTIN
    assert files.published == 3


class PublishingScript:
    """The part of the JavaScript bridge that publishes files."""

    def __init__(self, *, has_model: bool) -> None:
        self.published: list[str] = []
        self._has_model = has_model

    def urlOf(self, name: str) -> str:  # noqa: N802 - the name in JavaScript
        """Return the URL of a published file."""
        return f"https://virtual/{name}"

    def holds(self, request: str) -> bool:
        """Return what the test says, for the built-in model."""
        assert json.loads(request)["model"]["model_id"] == BUILTIN_MODEL
        return self._has_model

    async def publish(self, name: str, content: bytes) -> str:
        """Note the name."""
        self.published.append(name)
        return self.urlOf(name)


@pytest.mark.parametrize("has_model", [False, True])
async def test_files_of_the_wheel_are_published_unless_another_page_loaded_the_model(
    has_model: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"model/{BUILTIN_CONFIG}", "model/weights.bin"]
    monkeypatch.setattr(files, "model_files", lambda: names)
    monkeypatch.setattr(files, "read_asset", lambda name: b"")
    monkeypatch.setattr(host, "to_js", lambda content: content, raising=False)
    monkeypatch.setattr(host, "JsException", OSError, raising=False)
    script = PublishingScript(has_model=has_model)
    record = await WheelAssets().builtin(script)
    assert record.model == "https://virtual/model/"
    assert script.published == ([] if has_model else names)
