"""Fixtures of these tests alone; those of all tests in a browser are in `tests/conftest.py`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from model.browser.python import PagePython

# A global in the page, which keeps its value between runs.
llm: Any = None


@pytest.fixture(scope="module")
def loaded(python: PagePython) -> Iterator[PagePython]:
    """As `python`, with a client `llm` whose model is loaded, which the tests of a module share."""

    async def start() -> None:
        global llm
        from pywebllm import AsyncWebLLM

        llm = AsyncWebLLM()
        await llm.load()

    async def end() -> None:
        await llm.close()

    python.run(start)
    yield python
    python.run(end)
