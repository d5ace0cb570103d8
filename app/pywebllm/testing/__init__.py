"""A scripted engine, for tests of programs that use this library: no browser, no GPU, no model.

    from pywebllm import AsyncWebLLM
    from pywebllm.testing import ScriptedEngine, tool_call

    engine = ScriptedEngine([tool_call("weather", city="Oslo"), "It rains."])
    llm = AsyncWebLLM(bridge=engine.open)

Everything but the engine is the real library: requests are checked, tool calls and reasoning are
read from text, streams stop, errors have their classes. It works on CPython and in Pyodide.
"""

from __future__ import annotations

from .answer import Answer, Answerable, tool_call
from .engine import ScriptedEngine
from .request import ScriptedRequest

__all__ = ["Answer", "Answerable", "ScriptedEngine", "ScriptedRequest", "tool_call"]
