"""Tools of a response, which are flatter than a chat's."""

from __future__ import annotations

from collections.abc import Mapping

from pywebllm.request.checks import refuse_value

from .options import objects, refuse_rest

__all__ = ["read_tool_choice", "read_tools"]

_FUNCTION = ("name", "description", "parameters", "strict")


def read_tools(tools: object) -> list[dict[str, object]]:
    """Return the tools as a chat takes them.

    Raises:
        InvalidRequestError: One is not a function, but a tool that OpenAI's servers run.
    """
    return [_read_tool(tool, f"tools[{i}]") for i, tool in enumerate(objects(tools, "tools"))]


def read_tool_choice(choice: object) -> object:
    """Return the choice as a chat takes it; a string is returned as it is.

    Raises:
        InvalidRequestError: It names a tool that is not a function.
    """
    if not isinstance(choice, Mapping):
        return choice
    if choice.get("type") == "function":
        return _named(choice)
    if choice.get("type") != "allowed_tools":
        refuse_value("tool_choice", "of the type 'function' or 'allowed_tools'", choice)
    tools = [_named(tool) for tool in objects(choice.get("tools"), "tool_choice.tools")]
    allowed = {"mode": choice.get("mode"), "tools": tools}
    return {"type": "allowed_tools", "allowed_tools": allowed}


def _read_tool(tool: Mapping[str, object], path: str) -> dict[str, object]:
    if tool.get("type") != "function":
        refuse_value(
            f"{path}.type",
            "'function'",
            tool.get("type"),
            why="OpenAI's own tools do not run in the page",
            advice='Pass functions, {"type": "function", "name": …}, and call them yourself.',
        )
    # `async` and `defer_loading` have no effect when they are False.
    rest = {key: value for key, value in tool.items() if value is not False}
    refuse_rest(rest, {"type", *_FUNCTION}, path, why="it has no counterpart in chat completions")
    function = {key: tool[key] for key in _FUNCTION if tool.get(key) is not None}
    return {"type": "function", "function": function}


def _named(choice: Mapping[str, object]) -> dict[str, object]:
    if choice.get("type") != "function":
        refuse_value("tool_choice", "a choice of tools of the type 'function'", choice)
    return {"type": "function", "function": {"name": choice.get("name")}}
