"""The part of the system message that describes the tools and how to call them.

The tags are those that Hermes and Qwen models are trained on; for other models the prompt also
explains the format. The same tools give the same text, byte for byte.
"""

from __future__ import annotations

from collections.abc import Iterable

from pywebllm.request.checks import json_text

from .tool_calls import ARGUMENTS, BEGIN, END
from .tools import Tool

__all__ = ["tools_prompt"]

_BEFORE = """\
# Tools

You have these functions, each described by one line of JSON:
<tools>
"""
_AFTER = f"""
</tools>

When a function helps with the request, call it: write its name and arguments as JSON, like this, \
once for each call.
{BEGIN}the function's name{ARGUMENTS}{{"the parameter's name": "its value"}}{END}
The results follow in <tool_response> tags. Answer without a call when no function helps."""


def tools_prompt(tools: Iterable[Tool]) -> str:
    """Return the text that describes the tools and how to call them."""
    return _BEFORE + "\n".join(map(_line, tools)) + _AFTER


def _line(tool: Tool) -> str:
    function: dict[str, object] = {"name": tool.name}
    if tool.description:
        function["description"] = tool.description
    function["parameters"] = tool.parameters
    return json_text(f"{tool.path}.parameters", {"type": "function", "function": function})
