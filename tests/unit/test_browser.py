"""The border on CPython: importable, and clear about what it needs. Browser tests do the rest."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pywebllm.browser import _JsBridge, check_support, open_bridge, run_sync
from pywebllm.errors import SupportError
from pywebllm.records import ModelRecord

from tests.unit.fakes import BUILTIN


class Files:
    """Assets whose model is handed over as often as `handed` says."""

    handed = 0

    def url(self, name: str) -> str:
        """Return no address that means anything."""
        return name

    async def builtin(self, bridge: Any) -> ModelRecord:
        """Hand the model over."""
        self.handed += 1
        return BUILTIN


class Script:
    """The part of the bridge in JavaScript that says what is loaded."""

    held: str | None = None

    def holds(self, request: str) -> bool:
        """Tell whether this is loaded."""
        return bool(json.loads(request)["model"]["model_id"] == self.held)


async def test_opening_a_bridge_outside_of_a_browser_is_a_clear_error() -> None:
    with pytest.raises(SupportError, match="from Pyodide or PyScript"):
        await open_bridge(assets_url="./")


async def test_checking_support_outside_of_a_browser_is_a_clear_error() -> None:
    with pytest.raises(SupportError, match="from Pyodide or PyScript"):
        await check_support()


def test_waiting_without_await_outside_of_a_browser_starts_nothing() -> None:
    started: list[bool] = []

    async def work() -> None:
        started.append(True)

    # Were the coroutine left alone, Python would warn, and a warning is an error here.
    with pytest.raises(SupportError, match="from Pyodide or PyScript"):
        run_sync(work())
    assert started == []


async def test_the_built_in_model_is_handed_over_anew_for_each_load_and_for_no_request() -> None:
    script, files = Script(), Files()
    bridge = _JsBridge(script, files)
    assert await bridge.locate(None) == BUILTIN
    script.held = BUILTIN.model_id
    assert [await bridge.locate(None) for _ in range(3)] == [BUILTIN] * 3
    assert files.handed == 1
    script.held = "another"
    assert await bridge.locate(None) == BUILTIN
    script.held = None
    assert await bridge.locate(None) == BUILTIN
    assert files.handed == 3
