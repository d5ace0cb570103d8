"""Typed answers and tools: answers of a Python type, and Python functions that a model calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pywebllm.lazy import lazy_attributes

if TYPE_CHECKING:
    from .parsing import parsed_completion, response_format_of
    from .tool_run import ToolRun, run_tools
    from .toolbox import Toolbox, describe

__all__ = [
    "ToolRun",
    "Toolbox",
    "describe",
    "parsed_completion",
    "response_format_of",
    "run_tools",
]

__getattr__ = lazy_attributes(
    __name__,
    {
        "ToolRun": ".tool_run",
        "Toolbox": ".toolbox",
        "describe": ".toolbox",
        "parsed_completion": ".parsing",
        "response_format_of": ".parsing",
        "run_tools": ".tool_run",
    },
)
