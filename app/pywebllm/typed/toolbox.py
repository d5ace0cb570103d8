"""Python functions as tools: described to the model, called with the arguments it wrote."""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import date, time
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from pywebllm import schema
from pywebllm.cancelling import is_cancelled
from pywebllm.errors import InvalidRequestError, WebLLMError
from pywebllm.request.checks import exact, items, mapping, shown
from pywebllm.types import Function
from pywebllm.types.inputs import Tool

__all__ = ["Toolbox", "describe"]

_logger = logging.getLogger("pywebllm")


def describe(tools: Sequence[object] | None) -> list[object] | None:
    """Return tool descriptions as in the reference: functions are replaced by their description.

    Raises:
        InvalidRequestError: It is not a list of functions and descriptions, or a function cannot
            be described.
    """
    if tools is None:
        return None
    return [_description(f"tools[{i}]", tool) for i, tool in enumerate(items("tools", tools))]


class Toolbox:
    """The functions that a model may call, by name, for a program that calls them by itself.

    Args:
        tools: Functions, and tool descriptions as in the reference. A description replaces the
            generated one of the function with the same name.

    Attributes:
        descriptions: The tools as in the reference.

    Raises:
        InvalidRequestError: `tools` is not a list of functions and descriptions, two functions
            have the same name, a description has no function, or a function cannot be described.
    """

    def __init__(self, tools: Sequence[Tool]) -> None:
        found = items("tools", tools)
        described = list(zip(found, describe(found) or (), strict=True))
        functions = [tool for tool in found if callable(tool)]
        own: dict[str, Any] = {_name(it): it for tool, it in described if callable(tool)}
        given: dict[str, Any] = {_name(it): it for tool, it in described if not callable(tool)}
        if len(own) < len(functions):
            raise InvalidRequestError("two functions have the same name", param="tools")
        for name in given.keys() - own.keys():
            raise InvalidRequestError(
                f"the tool {shown(name)} has no function to call",
                advice="Add a function with this name to `tools`, or use `create`.",
                param="tools",
            )
        self.descriptions: list[Tool] = [given.get(name, it) for name, it in own.items()]
        self._functions = dict(zip(own, functions, strict=True))

    async def call(self, call: Function) -> str:
        """Call a function as the model requests, and return the result for the model.

        Args:
            call: Of a `ToolCall`, its `function`: a name, and arguments as JSON text.

        An exception of the function, or of the types of its parameters, is logged and becomes
        the result `Error: …`. On cancellation the function is cancelled.

        Raises:
            TypeError: `call` has no name and arguments that are strings.
        """
        name, text = _read_call(call)
        function = self._functions.get(name)
        if function is None:
            return f"Error: there is no tool {name!r}, only {', '.join(self._functions)}."
        try:
            try:
                arguments = schema.arguments_of(function, text)
            except WebLLMError as error:
                return f"Error: {error.problem}"
            return await _result(function, arguments)
        except (Exception, asyncio.CancelledError) as error:
            if isinstance(error, asyncio.CancelledError) and is_cancelled():
                raise
            # Code of the caller: the model may be able to react to the error, the page is not.
            _logger.warning("The tool %r raised", name, exc_info=True)
            return f"Error: {type(error).__name__}: {error}"


def _read_call(call: object) -> tuple[str, str]:
    name, text = getattr(call, "name", None), getattr(call, "arguments", None)
    if not isinstance(name, str) or not isinstance(text, str):
        raise TypeError(
            f"call must be the `function` of a tool call, with its arguments as JSON text, got"
            f" {shown(call)}"
        )
    return name, text


def _description(path: str, tool: object) -> object:
    if callable(tool):
        return schema.tool_of(tool)
    mapping(path, tool, "a function or a mapping")
    return tool


def _name(described: object) -> str:
    function = described.get("function") if isinstance(described, Mapping) else None
    return str(function.get("name")) if isinstance(function, Mapping) else repr(described)


async def _result(function: Callable[..., Any], arguments: Mapping[str, object]) -> str:
    found = function(**arguments)
    if inspect.isawaitable(found):
        found = await found
    if isinstance(found, str):
        return exact(found)
    # Not ASCII only: for a model, `\u00e9` is six characters.
    return json.dumps(found, ensure_ascii=False, default=_plain)


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, set | frozenset):
        return list(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date | time | UUID | Decimal):
        return str(value)
    if hasattr(value, "model_dump"):  # a pydantic model; pydantic is never imported here
        return value.model_dump(mode="json")
    raise TypeError(f"{type(value).__name__} is not JSON serializable; return a string")
