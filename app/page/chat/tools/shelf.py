"""The tools of the chat: what each is called, which function it is, and how it is run."""

from __future__ import annotations

import inspect
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from pywebllm.json_text import read_json

from page.texts import text

from .calculator import ArithmeticProblem, calculate

__all__ = ["Fetch", "Shelf", "Tool", "ToolProblem", "builtin_shelf", "function_tool"]

# Gets an address that the visitor has allowed, returns its text.
Fetch: TypeAlias = Callable[[str], Awaitable[str]]

_LONGEST_RESULT = 20_000


class ToolProblem(Exception):  # noqa: N818 - shown to the visitor and the model
    """A tool could not do what it was called for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A tool on the shelf.

    Attributes:
        name: What the model calls it.
        label: What the visitor reads.
        offer: What a request offers to the model: a function, whose signature and docstring
            describe it, or a description as in the OpenAI reference.
        run: Called with the JSON object that the model wrote; returns what the model reads. It
            raises ToolProblem.
    """

    name: str
    label: str
    offer: Callable[..., object] | Mapping[str, object]
    run: Callable[[str], Awaitable[str]]


class Shelf:
    """Tools by name: those of the page, and those that the visitor wrote."""

    def __init__(self, tools: Iterable[Tool] = ()) -> None:
        self._builtin = {tool.name: tool for tool in tools}
        self._tools = self._builtin

    def put_own(self, tools: Iterable[Tool]) -> None:
        """Replace the visitor's own tools; one takes the place of the page's with its name."""
        self._tools = self._builtin | {tool.name: tool for tool in tools}

    def tools(self) -> list[Tool]:
        """Return all tools."""
        return list(self._tools.values())

    def offers(self, names: Iterable[str]) -> list[Callable[..., object] | Mapping[str, object]]:
        """Return what these tools offer to the model, without those that are not on the shelf."""
        return [self._tools[name].offer for name in names if name in self._tools]

    def label(self, name: str) -> str:
        """Return what the visitor reads for a tool."""
        return self._tools[name].label if name in self._tools else name

    async def run(self, name: str, arguments: str) -> str:
        """Call a tool with the arguments that the model wrote; return what the model reads.

        Cancelled, the tool is stopped.

        Raises:
            ToolProblem: There is no such tool, its arguments are wrong, or it failed.
        """
        if name not in self._tools:
            raise ToolProblem(text("chat.tool.unknown", name=name))
        return (await self._tools[name].run(arguments))[:_LONGEST_RESULT]


def function_tool(function: Callable[..., Any], label: str) -> Tool:
    """Return a tool that is a function of the page, plain or async."""
    return Tool(
        name=function.__name__,
        label=label,
        offer=function,
        run=lambda arguments: _call(function, arguments),
    )


async def _call(function: Callable[..., Any], arguments: str) -> str:
    given = _arguments(function, arguments)
    try:
        result = function(**given)
        if inspect.isawaitable(result):
            result = await result
    except ToolProblem:
        raise
    except Exception as error:
        # Whatever a function raises is for the model to read, as in `run_tools`.
        raise ToolProblem(f"{type(error).__name__}: {error}") from error
    return result if isinstance(result, str) else json.dumps(result, default=str)


def builtin_shelf(fetch: Fetch) -> Shelf:
    """Return the shelf with a clock, a calculator, and `fetch`."""

    def clock() -> str:
        """Return the visitor's current date, time and time zone."""
        return datetime.now().astimezone().strftime("%A, %d %B %Y, %H:%M:%S %Z")

    def calculator(expression: str) -> str:
        """Calculate an arithmetic expression exactly, for example `sqrt(2) * (3 + 4)`."""
        try:
            return str(calculate(expression))
        except ArithmeticProblem as error:
            raise ToolProblem(str(error)) from error

    async def read_address(address: str) -> str:
        """Return the text at an address on the web that begins with https://."""
        return await fetch(address)

    functions: list[Callable[..., Any]] = [clock, calculator, read_address]
    return Shelf(
        function_tool(function, text(f"chat.tool.{function.__name__}")) for function in functions
    )


def _arguments(function: Callable[..., Any], written: str) -> dict[str, Any]:
    try:
        given = read_json(written or "{}")
    except ValueError as error:
        raise ToolProblem(text("chat.tool.arguments", reason=str(error))) from error
    if not isinstance(given, dict):
        raise ToolProblem(text("chat.tool.arguments", reason=written[:200]))
    try:
        inspect.signature(function).bind(**given)
    except TypeError as error:
        raise ToolProblem(text("chat.tool.arguments", reason=str(error))) from error
    return given
