"""What the worker of the Python view is given to do: a program, or a call of one of its tools."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["CallProblem", "Job", "ToolCall", "ToolsFound", "read_tools", "tool_name"]


class CallProblem(Exception):  # noqa: N818 - shown to the visitor and the model
    """A tool did not return: it failed, or was stopped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolsFound:
    """The tools of a program that has run to its end.

    Attributes:
        code: The program.
        descriptions: Its tools as in the OpenAI reference ("Function calling"); it may have none.
    """

    code: str
    descriptions: list[dict[str, Any]]


def tool_name(description: Mapping[str, Any]) -> str:
    """Return the name of a tool, of its description."""
    return str(description["function"]["name"])


def read_tools(value: object) -> list[dict[str, Any]]:
    """Return the descriptions of tools in what a worker or the store has; others are left out.

    A program can send anything in the name of what runs it.
    """
    found = value if isinstance(value, list) else []
    return [description for description in found if _is_tool(description)]


def _is_tool(description: Any) -> bool:
    function = description.get("function") if isinstance(description, dict) else None
    return isinstance(function, dict) and isinstance(function.get("name"), str)


@dataclass(slots=True, kw_only=True)
class Job:
    """A program to run.

    Attributes:
        code: The program.
        has_failed: True if it ended with an error.
    """

    code: str
    has_failed: bool = False

    def message(self, *, is_ready: bool) -> dict[str, object]:
        """Return the message to the worker; `is_ready`: its packages are installed."""
        return {"run": self.code, "isReady": is_ready}


@dataclass(slots=True, kw_only=True)
class ToolCall(Job):
    """A call of a tool of a program, which is run first if need be.

    Attributes:
        name: The function.
        arguments: A JSON object.
        result: What the model reads.
    """

    name: str
    arguments: str
    result: asyncio.Future[str]

    def message(self, *, is_ready: bool) -> dict[str, object]:
        """Return the message to the worker; `is_ready`: its packages are installed."""
        call = {"name": self.name, "arguments": self.arguments}
        return {"run": self.code, "isReady": is_ready, "call": call}

    def finish(self, result: str) -> None:
        """Take what the tool has returned."""
        if not self.result.done():
            self.result.set_result(result)

    def fail(self, problem: str) -> None:
        """Take what went wrong; without effect if the tool has returned."""
        if not self.result.done():
            self.result.set_exception(CallProblem(problem))
