"""The visitor's own tools: functions of programs in the Python view, which run in its worker."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeAlias

from page.python.jobs import CallProblem, read_tools, tool_name
from page.storage import Record, Store
from page.texts import text

from .shelf import Tool, ToolProblem

__all__ = ["CallTool", "read_own_tools"]

# Calls a tool of a program: the program, the function, and its arguments as JSON. It raises
# CallProblem; cancelled, the tool is stopped.
CallTool: TypeAlias = Callable[[str, str, str], Awaitable[str]]

# Seconds that a tool may take, with the start of its worker.
LIMIT = 120.0

# How the library writes, for the model, that a function failed.
_ERROR = "Error: "


async def read_own_tools(store: Store, call: CallTool) -> list[Tool]:
    """Return the tools of all programs that the visitor keeps.

    Of several with the same name, the one of the program that was changed last is last.

    Raises:
        page.storage.StorageProblem: The browser refused.
    """
    programs = await store.read_all("programs")
    programs.sort(key=lambda record: record["changed"])
    return [tool for record in programs for tool in _tools_of(record, call)]


def _tools_of(program: Record, call: CallTool) -> Iterable[Tool]:
    # A program of an earlier version of the page has none.
    for description in read_tools(program.get("tools")):
        yield _tool(description, program["tools_code"], call)


def _tool(description: dict[str, Any], code: str, call: CallTool) -> Tool:
    name = tool_name(description)

    async def run(arguments: str) -> str:
        try:
            async with asyncio.timeout(LIMIT):
                result = await call(code, name, arguments)
        except TimeoutError as error:
            raise ToolProblem(text("chat.tool.late", seconds=f"{LIMIT:g}")) from error
        except CallProblem as problem:
            raise ToolProblem(str(problem)) from problem
        if result.startswith(_ERROR):
            raise ToolProblem(result.removeprefix(_ERROR))
        return result

    return Tool(name=name, label=text("chat.tool.own", name=name), offer=description, run=run)
