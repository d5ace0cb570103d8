"""What the programs of the libraries run against: a scripted engine, and what it answers."""

from __future__ import annotations

import asyncio
import re
import unittest
from collections.abc import Awaitable, Callable
from typing import Any, Literal

import pydantic
from pywebllm import AsyncWebLLM
from pywebllm.openai import transport
from pywebllm.testing import Answer, Answerable, ScriptedEngine, ScriptedRequest, tool_call

__all__ = ["ADDRESS", "HOW", "MODEL", "OSLO", "REPORT", "City", "Site", "raises", "weather"]

MODEL = "pywebllm-persona-q4f32_1"
ADDRESS: Any = {"base_url": "http://pywebllm.invalid/v1", "api_key": "-"}
REPORT = "It rains in Oslo."
HOW = "How is the weather?"
NEVER = "Never"
_FOREVER = float("inf")
# As that of pytest, which is not in the page.
raises = unittest.TestCase().assertRaises


class City(pydantic.BaseModel):
    """A city."""

    city: Literal["Oslo", "Rome"]


OSLO = City(city="Oslo")


def weather(city: str) -> str:
    """Return the weather of a city."""
    return f"rain in {city}"


class Site:
    """A page with a scripted engine.

    Attributes:
        engine: The engine. It answers with a call if tools are offered and none was called, with a
            city if the answer is constrained, and else with a report; "Never" is not answered.
        llm: The page's client.
    """

    def __init__(self, answer: Callable[[ScriptedRequest], Answerable] | None = None) -> None:
        self.engine = ScriptedEngine(answer or _answer)
        self.llm = AsyncWebLLM(bridge=self.engine.open)

    def http_client(self, *, waits: bool = False) -> Any:
        """Return a client of the SDK's HTTP library for the page."""
        import openai  # noqa: PLC0415, after the version was chosen

        own = openai.DefaultHttpxClient if waits else openai.DefaultAsyncHttpxClient
        return own(transport=transport(self.llm, wait=self.engine.wait))

    async def check_ends(
        self, ask: Callable[[str, str], Awaitable[object]], error: type[Exception]
    ) -> None:
        """Check what becomes of an unknown model, and that cancellation stops the engine.

        Args:
            ask: Asks a model a question.
            error: What an unknown model raises.
        """
        with raises(error):
            await ask("No-Such-q4f32_1-MLC", HOW)
        with raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await ask(MODEL, NEVER)
        # Otherwise it would wait for the answer before.
        await ask(MODEL, HOW)

    async def close(self) -> None:
        """Free everything."""
        await self.llm.close()
        self.engine.close()


def _answer(request: ScriptedRequest) -> Answerable:
    if request.prompt == NEVER:
        return Answer("Never.", delay=_FOREVER)
    form = request.body.get("response_format") or {}
    if form.get("type") == "grammar":
        return {"city": "Oslo"}
    tool = re.search(r'"function": \{"name": "([\w-]+)"', str(request.messages[0]["content"]))
    if tool and form and "<tool_response>" not in request.prompt:
        return tool_call(tool[1], city="Oslo")
    return REPORT
