"""Tools of a response, which are flatter than a chat's."""

from __future__ import annotations

from collections.abc import Mapping

from pywebllm.errors import InvalidRequestError

from .options import objects, refuse_rest

__all__ = ["read_tool_choice", "read_tools"]

_FUNCTION = ("name", "description", "parameters", "strict")


def read_tools(tools: object) -> list[dict[str, object]]:
    """Return the tools as a chat takes them.

    Raises:
        InvalidRequestError: One is no function: OpenAI's servers run those, not the page.
    """
    return [_read_tool(tool, f"tools[{i}]") for i, tool in enumerate(objects(tools, "tools"))]


def read_tool_choice(choice: object) -> object:
    """Return the choice as a chat takes it; a word stays as it is.

    Raises:
        InvalidRequestError: It names a tool that is no function.
    """
    if not isinstance(choice, Mapping):
        return choice
    match choice.get("type"):
        case "function":
            return _named(choice)
        case "allowed_tools":
            tools = [_named(tool) for tool in objects(choice.get("tools"), "tool_choice.tools")]
            allowed = {"mode": choice.get("mode"), "tools": tools}
            return {"type": "allowed_tools", "allowed_tools": allowed}
        case kind:
            raise InvalidRequestError(
                f"tool_choice can only name functions, got {kind!r}", param="tool_choice"
            )


def _read_tool(tool: Mapping[str, object], name: str) -> dict[str, object]:
    if tool.get("type") != "function":
        raise InvalidRequestError(
            f"the page runs no tools of OpenAI's, got {tool.get('type')!r}",
            advice='Give functions, {"type": "function", "name": …}, and run them yourself.',
            param=f"{name}.type",
        )
    # `async` and `defer_loading` are false unless they ask for something.
    rest = {key: value for key, value in tool.items() if value is not False}
    refuse_rest(rest, {"type", *_FUNCTION}, name, why="functions are called by the model alone")
    function = {key: tool[key] for key in _FUNCTION if tool.get(key) is not None}
    return {"type": "function", "function": function}


def _named(choice: Mapping[str, object]) -> dict[str, object]:
    if choice.get("type") != "function":
        raise InvalidRequestError(
            f"tool_choice can only name functions, got {choice.get('type')!r}", param="tool_choice"
        )
    return {"type": "function", "function": {"name": choice.get("name")}}
