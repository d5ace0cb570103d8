"""The examples whose packages or models no browser test can reach, over a scripted engine."""

from __future__ import annotations

import asyncio
import builtins
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from page.python.program.runner import Runner
from pywebllm import AsyncWebLLM, borrow_models, lend_models, relayed
from pywebllm.testing import ScriptedEngine

EXAMPLES = Path(__file__).parents[3] / "static/python/examples"

pytestmark = pytest.mark.timeout(20)


class End:
    """One end of a channel; strings arrive in a later step, as messages do."""

    def __init__(self) -> None:
        self.other: End | None = None
        self.handlers: list[Callable[[str], object]] = []

    def post(self, text: str) -> None:
        other = self.other
        assert other is not None
        for handler in other.handlers:
            asyncio.get_running_loop().call_soon(handler, text)

    def listen(self, handler: Callable[[str], object]) -> None:
        self.handlers.append(handler)

    def close(self) -> None:
        self.handlers = []


@pytest.fixture
def lender(monkeypatch: pytest.MonkeyPatch) -> Iterator[End]:
    """The page's end of a channel; programs have the other one, and replace `__main__`."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    monkeypatch.setattr(builtins, "input", builtins.input)
    page, worker = End(), End()
    page.other, worker.other = worker, page
    borrow_models(worker)
    yield page
    relayed._borrowed = None


async def test_search_ranks_the_texts(lender: End) -> None:
    sent: list[dict[str, Any]] = []
    engine = ScriptedEngine(models=["snowflake-arctic-embed-s-q0f32-MLC-b4"])
    async with AsyncWebLLM(bridge=engine.open) as llm:
        lending = lend_models(llm, lender)
        code = (EXAMPLES / "search.py").read_text(encoding="utf-8")
        await Runner(lambda text: sent.append(json.loads(text))).run(code)
        lending.close()
    (table,) = (message["show"] for message in sent if "show" in message)
    assert table["columns"] == ["likeness", "text"]
    likeness = [float(row[0]) for row in table["rows"]]
    assert len(likeness) == 4
    assert likeness == sorted(likeness, reverse=True)
