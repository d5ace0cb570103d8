"""The border on CPython: importable, and clear about what it needs. Browser tests do the rest."""

from __future__ import annotations

import pytest
from pywebllm.browser import check_support, open_bridge, run_sync
from pywebllm.errors import SupportError


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
