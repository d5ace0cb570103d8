"""The border on CPython: importable, and clear about what it needs. Browser tests do the rest."""

from __future__ import annotations

import pytest
from pywebllm.browser import check_support, open_bridge
from pywebllm.errors import SupportError


async def test_opening_a_bridge_outside_of_a_browser_is_a_clear_error() -> None:
    with pytest.raises(SupportError, match="from Pyodide or PyScript"):
        await open_bridge(assets_url="./")


async def test_checking_support_outside_of_a_browser_is_a_clear_error() -> None:
    with pytest.raises(SupportError, match="from Pyodide or PyScript"):
        await check_support()
