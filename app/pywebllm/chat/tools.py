"""The tools of a request, and what `tool_choice` lets the model do with them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from pywebllm.request.checks import (
    TOOL_NAME,
    check_keys,
    closest,
    flag,
    items,
    mapping,
    one_of,
    refuse,
    text,
)

__all__ = ["Tool", "ToolUse", "read_tools"]

_NAME = re.compile(TOOL_NAME)
_NO_PARAMETERS: Mapping[str, object] = {
    "type": "object",
    "properties": {},
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A function that the model may call.

    Attributes:
        path: Where in the request it is, for errors.
        name: Letters, digits, `_` and `-`, 64 at most.
        description: What it is for; may be empty.
        parameters: The JSON Schema of its arguments, which are an object.
        strict: True when arguments that do not fit the schema must not come.
    """

    path: str
    name: str
    description: str
    parameters: Mapping[str, object]
    strict: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolUse:
    """What the model can do with tools.

    Attributes:
        shown: The tools that the prompt describes; all of them, so that it stays the same.
        callable: Those that may be called in this answer; empty for `tool_choice="none"`.
        must_call: True when the answer is calls and nothing else.
        once: True when one call at most may be made.
    """

    shown: tuple[Tool, ...]
    callable: tuple[Tool, ...]
    must_call: bool
    once: bool


def read_tools(values: Mapping[str, object]) -> ToolUse | None:
    """Return what the model can do with the tools of a request; None when it has none.

    `values` are the request's parameters, of which `tools`, `tool_choice` and
    `parallel_tool_calls` count.

    Raises:
        InvalidRequestError: A tool or the choice is not as it should be.
    """
    given = cast("Sequence[object]", values.get("tools", ()))
    tools = tuple(_read_tool(f"tools[{i}]", tool) for i, tool in enumerate(given))
    _check_names(tools)
    choice = values.get("tool_choice", "auto")
    mode, chosen = _read_choice(choice, tools)
    if not tools and mode == "required":
        refuse("tool_choice", "asks for a call, but there are no tools")
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
        refuse(f"{path}.type", "cannot be 'custom': arguments are JSON here; use a function")
    one_of("function")(f"{path}.type", tool.get("type"))
    check_keys(path, tool, ("type", "function"))
    path = f"{path}.function"
    function = mapping(path, tool.get("function"))
    check_keys(path, function, ("name", "description", "parameters", "strict"))
    parameters = mapping(f"{path}.parameters", function.get("parameters", _NO_PARAMETERS))
    if parameters.get("type", "object") != "object":
        refuse(f"{path}.parameters.type", f"is 'object', got {parameters['type']!r}")
    return Tool(
        path=path,
        name=_read_name(f"{path}.name", function.get("name")),
        description=text(f"{path}.description", function.get("description", "")),
        # The schema of no parameters may be written as {}, too.
        parameters=parameters or _NO_PARAMETERS,
        strict=flag(f"{path}.strict", function.get("strict", False)),
    )


def _read_name(path: str, value: object) -> str:
    name = text(path, value)
    if not _NAME.fullmatch(name):
        refuse(path, f"has 1 to 64 of the characters a-z, A-Z, 0-9, _ and -, got {name!r}")
    return name


def _check_names(tools: Sequence[Tool]) -> None:
    seen: set[str] = set()
    for tool in tools:
        if tool.name in seen:
            refuse(f"{tool.path}.name", f"is that of another tool, too: {tool.name!r}")
        seen.add(tool.name)


def _read_choice(value: object, tools: tuple[Tool, ...]) -> tuple[str, tuple[Tool, ...]]:
    path = "tool_choice"
    if isinstance(value, str):
        return one_of("none", "auto", "required")(path, value), tools
    choice = mapping(path, value)
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
        refuse(path, "names one tool at least; for none, use tool_choice='none'")
    return mode, tuple(tool for tool in tools if tool in named)


def _find(path: str, choice: Mapping[str, object], tools: Sequence[Tool]) -> Tool:
    one_of("function")(f"{path}.type", choice.get("type"))
    check_keys(path, choice, ("type", "function"))
    function = mapping(f"{path}.function", choice.get("function"))
    name = text(f"{path}.function.name", function.get("name"))
    named = {tool.name: tool for tool in tools}
    if name not in named:
        refuse(
            f"{path}.function.name", f"is none of the tools, got {name!r}.{closest(name, named)}"
        )
    return named[name]


def _names_one(choice: object) -> bool:
    return isinstance(choice, Mapping) and choice.get("type") == "function"
