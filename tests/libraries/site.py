"""What the programs of the libraries run against: a scripted engine, and what it answers."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from pywebllm import AsyncWebLLM
from pywebllm.openai import transport
from pywebllm.testing import Answer, Answerable, ScriptedEngine, ScriptedRequest, tool_call

__all__ = ["ADDRESS", "MODEL", "REPORT", "Site"]

MODEL = "pywebllm-persona-q4f32_1"
ADDRESS: Any = {"base_url": "http://pywebllm.invalid/v1", "api_key": "-"}
REPORT = "It rains in Oslo."
_FOREVER = float("inf")


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

    async def close(self) -> None:
        """Free everything."""
        await self.llm.close()
        self.engine.close()


def _answer(request: ScriptedRequest) -> Answerable:
    if request.prompt == "Never":
        return Answer("Never.", delay=_FOREVER)
    form = request.body.get("response_format") or {}
    if form.get("type") == "grammar":
        return {"city": "Oslo"}
    tool = re.search(r'"function": \{"name": "([\w-]+)"', str(request.messages[0]["content"]))
    if tool and form and "<tool_response>" not in request.prompt:
        return tool_call(tool[1], city="Oslo")
    return REPORT
