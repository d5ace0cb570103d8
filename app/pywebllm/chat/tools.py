"""The tools of a request, and how `tool_choice` lets the model call them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from pywebllm.request.checks import (
    TOOL_NAME,
    boolean,
    check_keys,
    closest,
    items,
    mapping,
    one_of,
    refuse,
    refuse_value,
    shown,
    string,
)

__all__ = ["Tool", "ToolUse", "read_tools"]

_NAME = re.compile(TOOL_NAME)
_CHOICES = ("none", "auto", "required")
_NO_PARAMETERS: Mapping[str, object] = {
    "type": "object",
    "properties": {},
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A function that the model may call.

    Attributes:
        path: Its path in the request, for errors.
        name: 1 to 64 letters, digits, `_` and `-`.
        description: Its purpose; may be empty.
        parameters: The JSON Schema of its arguments, which are an object.
        strict: True if its arguments must always conform to the schema.
    """

    path: str
    name: str
    description: str
    parameters: Mapping[str, object]
    strict: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolUse:
    """How the model may use tools.

    Attributes:
        shown: The tools that the prompt describes: all of them, so that the prompt does not change.
        callable: The tools that this answer may call; empty for `tool_choice="none"`.
        must_call: True if the answer consists of calls only.
        once: True if the answer has at most one call.
    """

    shown: tuple[Tool, ...]
    callable: tuple[Tool, ...]
    must_call: bool
    once: bool


def read_tools(values: Mapping[str, object]) -> ToolUse | None:
    """Return how the model may use the tools of a request; None if it has none.

    Args:
        values: The request's parameters; `tools`, `tool_choice` and `parallel_tool_calls` are
            read.

    Raises:
        InvalidRequestError: A tool or the choice has a wrong value.
    """
    given = cast("Sequence[object]", values.get("tools", ()))
    tools = tuple(_read_tool(f"tools[{i}]", tool) for i, tool in enumerate(given))
    _check_names(tools)
    choice = values.get("tool_choice", "auto")
    mode, chosen = _read_choice(choice, tools)
    if not tools and mode == "required":
        refuse("tool_choice", "requires a call, but the request has no tools")
    if not tools:
        return None
    return ToolUse(
        shown=tools,
        callable=() if mode == "none" else chosen,
        must_call=mode == "required",
        once=values.get("parallel_tool_calls") is False or _names_one(choice),
    )


def _read_tool(path: str, value: object) -> Tool:
    tool = mapping(path, value)
    if tool.get("type") == "custom":
        refuse(f"{path}.type", "cannot be 'custom': custom tools are not supported; use a function")
    one_of("function")(f"{path}.type", tool.get("type"))
    check_keys(path, tool, ("type", "function"))
    path = f"{path}.function"
    function = mapping(path, tool.get("function"))
    check_keys(path, function, ("name", "description", "parameters", "strict"))
    parameters = mapping(f"{path}.parameters", function.get("parameters", _NO_PARAMETERS))
    if parameters.get("type", "object") != "object":
        refuse_value(f"{path}.parameters.type", "'object'", parameters["type"])
    return Tool(
        path=path,
        name=_read_name(f"{path}.name", function.get("name")),
        description=string(f"{path}.description", function.get("description", "")),
        # {} is another way to write the schema of no parameters.
        parameters=parameters or _NO_PARAMETERS,
        strict=boolean(f"{path}.strict", function.get("strict", False)),
    )


def _read_name(path: str, value: object) -> str:
    name = string(path, value)
    if not _NAME.fullmatch(name):
        refuse_value(path, "1 to 64 of the characters a-z, A-Z, 0-9, _ and -", name)
    return name


def _check_names(tools: Sequence[Tool]) -> None:
    seen: set[str] = set()
    for tool in tools:
        if tool.name in seen:
            refuse(f"{tool.path}.name", f"must be unique, got {shown(tool.name)} twice")
        seen.add(tool.name)


def _read_choice(value: object, tools: tuple[Tool, ...]) -> tuple[str, tuple[Tool, ...]]:
    path = "tool_choice"
    if isinstance(value, str) and value in _CHOICES:
        return value, tools
    choice = mapping(path, value, "'none', 'auto', 'required' or a mapping")
    kind = one_of("function", "allowed_tools")(f"{path}.type", choice.get("type"))
    check_keys(path, choice, ("type", kind))
    if kind == "function":
        return "required", (_find(path, choice, tools),)
    return _read_allowed(f"{path}.allowed_tools", choice.get("allowed_tools"), tools)


def _read_allowed(
    path: str, value: object, tools: tuple[Tool, ...]
) -> tuple[str, tuple[Tool, ...]]:
    allowed = mapping(path, value)
    check_keys(path, allowed, ("mode", "tools"))
    mode = one_of("auto", "required")(f"{path}.mode", allowed.get("mode"))
    path = f"{path}.tools"
    named = [
        _find(f"{path}[{i}]", mapping(f"{path}[{i}]", tool), tools)
        for i, tool in enumerate(items(path, allowed.get("tools")))
    ]
    if not named:
        refuse(path, "must contain at least one tool; use tool_choice='none' to allow none")
    return mode, tuple(tool for tool in tools if tool in named)


def _find(path: str, choice: Mapping[str, object], tools: Sequence[Tool]) -> Tool:
    one_of("function")(f"{path}.type", choice.get("type"))
    check_keys(path, choice, ("type", "function"))
    function = mapping(f"{path}.function", choice.get("function"))
    name = string(f"{path}.function.name", function.get("name"))
    named = {tool.name: tool for tool in tools}
    if name not in named:
        refuse(
            f"{path}.function.name",
            f"must be the name of one of the tools, got {shown(name)}.{closest(name, named)}",
        )
    return named[name]


def _names_one(choice: object) -> bool:
    return isinstance(choice, Mapping) and choice.get("type") == "function"
