"""Python functions as tools: described to the model, called with what it wrote."""

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
from pywebllm.errors import InvalidRequestError, WebLLMError
from pywebllm.request.checks import items
from pywebllm.types import Function
from pywebllm.types.inputs import Tool

__all__ = ["Toolbox", "describe"]

_logger = logging.getLogger("pywebllm")


def describe(tools: Sequence[object] | None) -> list[object] | None:
    """Return the tools as in the reference; functions describe themselves.

    Raises:
        InvalidRequestError: It is no list, or a function cannot be described.
    """
    if tools is None:
        return None
    return [schema.tool_of(it) if callable(it) else it for it in items("tools", tools)]


class Toolbox:
    """The functions that a model may call, by their names.

    A description that stands beside a function of its name replaces the function's own.

    Attributes:
        descriptions: The tools as in the reference.

    Raises:
        InvalidRequestError: It is no list, two functions have one name, a description has no
            function, or a function cannot be described.
    """

    def __init__(self, tools: Sequence[Tool]) -> None:
        found = items("tools", tools)
        functions = [tool for tool in found if callable(tool)]
        own = {_name(it): it for it in describe(functions) or ()}
        given = {_name(tool): tool for tool in found if not callable(tool)}
        if len(own) < len(functions):
            raise InvalidRequestError("two functions have the same name", param="tools")
        for name in given.keys() - own.keys():
            raise InvalidRequestError(
                f"the tool {name!r} has no function that could be called",
                advice="Put a function of this name into `tools` as well, or call `create`.",
                param="tools",
            )
        self.descriptions = [given.get(name, it) for name, it in own.items()]
        self._functions = dict(zip(own, functions, strict=True))

    async def call(self, call: Function) -> str:
        """Call a function as the model asks, and return what the model is told.

        What the function raises is told to the model, and logged; so is what the types of its
        parameters raise. Cancelled, the function is.
        """
        function = self._functions.get(call.name)
        if function is None:
            return f"Error: there is no tool {call.name!r}, only {', '.join(self._functions)}."
        try:
            try:
                arguments = schema.arguments_of(function, call.arguments)
            except WebLLMError as error:
                return f"Error: {error.problem}"
            return await _result(function, arguments)
        except (Exception, asyncio.CancelledError) as error:
            if isinstance(error, asyncio.CancelledError) and _is_cancelled():
                raise
            # Foreign code: the model may know what to do about it, the page does not.
            _logger.warning("The tool %r raised", call.name, exc_info=True)
            return f"Error: {type(error).__name__}: {error}"


def _name(described: object) -> str:
    function = described.get("function") if isinstance(described, Mapping) else None
    return str(function.get("name")) if isinstance(function, Mapping) else repr(described)


def _is_cancelled() -> bool:
    """Return True when this task is to end, and False when the function awaited one that did."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0


async def _result(function: Callable[..., Any], arguments: Mapping[str, object]) -> str:
    found = function(**arguments)
    if inspect.isawaitable(found):
        found = await found
    if isinstance(found, str):
        return found
    # As it is read best: a model counts `\u00e9` as six characters.
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
    if hasattr(value, "model_dump"):  # a pydantic class, which is never imported here
        return value.model_dump(mode="json")
    raise TypeError(f"{type(value).__name__} is not something that JSON can say; return a text")
