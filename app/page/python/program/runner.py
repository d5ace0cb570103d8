"""Runs one program after another, each in a fresh `__main__`, and sends what happens as JSON.

A program offers functions to the chat by `@chat_tool`; each call runs as a program does.

Each message is an object with one of these keys:

    stopping   true: the program was asked to stop, and can
    out, err   text that the program wrote
    show       a value, see `display.Part`
    fault      what went wrong, see `faults.Fault`
    full       true: the output was longer than is shown
    tools      what the program offers to the chat, as in the OpenAI reference
    result     what a tool returned, for the model
    done       the seconds that it took; with `stopped`: true if it was stopped
"""

from __future__ import annotations

import ast
import asyncio
import builtins
import inspect
import json
import linecache
import sys
import time
from collections.abc import Callable, Coroutine
from contextlib import redirect_stderr, redirect_stdout
from types import CodeType, ModuleType
from typing import Any, NoReturn

from .display import part_of
from .faults import FILE, fault_of
from .tools import Tools
from .writer import Outlet, Writer

__all__ = ["Runner"]


class Runner:
    """Runs programs, one at a time.

    Args:
        send: Called with each message, a JSON string.
    """

    def __init__(self, send: Callable[[str], object]) -> None:
        self._send_text = send
        self._task: asyncio.Task[Any] | None = None
        self._is_stopping = False
        self._outlet = Outlet(lambda stream, text: self._send({stream: text}))
        self._tools = Tools()
        # Of the program whose tools these are, once it has run to its end.
        self._main: ModuleType | None = None
        self._code = ""

    async def run(self, code: str) -> None:
        """Run a program to its end; `stop` ends it earlier.

        Cancelled, it stops as by `stop`.
        """
        await self._guard(self._define(code))

    async def call(self, code: str, name: str, arguments: str) -> None:
        """Call a tool of a program, which is run first unless it was the last one.

        Args:
            code: The program.
            name: The function.
            arguments: A JSON object.

        Cancelled, it stops as by `stop`.
        """
        await self._guard(self._call(code, name, arguments))

    async def _guard(self, work: Coroutine[Any, Any, None]) -> None:
        begin = time.monotonic()
        self._outlet = Outlet(lambda stream, text: self._send({stream: text}))
        self._task, self._is_stopping = asyncio.current_task(), False
        before = asyncio.all_tasks()
        out, err = Writer(self._outlet, "out"), Writer(self._outlet, "err")
        stopped = False
        with redirect_stdout(out), redirect_stderr(err):
            try:
                await work
            except KeyboardInterrupt:
                stopped = True
            except asyncio.CancelledError as error:
                # Without `stop` it is an error of the program, which awaited a cancelled task.
                stopped = self._is_stopping
                if not stopped:
                    self._fail(error)
            except SystemExit as error:
                self._exit(error)
            except BaseException as error:  # noqa: BLE001 - the program's, which the page shows
                self._fail(error)
            self._task = None
            await _end_tasks(asyncio.all_tasks() - before)
            self._show_figures()
        self._outlet.flush()
        if self._outlet.is_full:
            self._send({"full": True})
        self._send({"done": round(time.monotonic() - begin, 2), "stopped": stopped})

    def stop(self) -> None:
        """Cancel the program, if it waits for something."""
        if self._task is not None:
            self._is_stopping = True
            self._send({"stopping": True})
            self._task.cancel()

    def display(self, *values: object) -> None:
        """Show values: pictures and tables as such, all else as text. Programs have it."""
        self._outlet.flush()
        for value in values:
            self._send({"show": part_of(value)})

    async def _define(self, code: str) -> None:
        tools = Tools()
        self._main = None
        main = ModuleType("__main__")
        main.__dict__.update(__file__=FILE, display=self.display, chat_tool=tools.add)
        await self._execute(code, main)
        self._tools, self._main, self._code = tools, main, code
        self._send({"tools": tools.descriptions})

    async def _call(self, code: str, name: str, arguments: str) -> None:
        if self._main is None or code != self._code:
            await self._define(code)
        assert self._main is not None
        _become_main(self._main, code)
        self._send({"result": await self._tools.call(name, arguments)})

    async def _execute(self, code: str, main: ModuleType) -> None:
        _become_main(main, code)
        builtins.input = _no_input
        body, last = _parts(code)
        await _evaluate(body, main)
        value = await _evaluate(last, main) if last is not None else None
        if value is not None:
            self._outlet.flush()
            part = {"text": repr(value)} if isinstance(value, str) else part_of(value)
            self._send({"show": part})

    def _exit(self, error: SystemExit) -> None:
        # As the interpreter does: a message goes to the standard error.
        if error.code is not None and not isinstance(error.code, int):
            self._outlet.write("err", f"{error.code}\n")

    def _fail(self, error: BaseException) -> None:
        self._outlet.flush()
        self._send({"fault": fault_of(error)})

    def _show_figures(self) -> None:
        # What a program has drawn with pyplot and not shown, as a notebook does.
        pyplot = sys.modules.get("matplotlib.pyplot")
        if pyplot is None:
            return
        for number in pyplot.get_fignums():
            self.display(pyplot.figure(number))
        pyplot.close("all")

    def _send(self, message: dict[str, Any]) -> None:
        self._send_text(json.dumps(message))


def _become_main(main: ModuleType, code: str) -> None:
    # Annotations of dataclasses are looked up in the module of their class.
    sys.modules["__main__"] = main
    # Tracebacks, and tools that read the source of a function, find the lines here.
    linecache.cache[FILE] = (len(code), None, code.splitlines(keepends=True), FILE)


def _parts(code: str) -> tuple[CodeType, CodeType | None]:
    """Compile a program, and its last line apart if that is an expression without a semicolon."""
    tree = ast.parse(code, FILE)
    last: ast.expr | None = None
    if tree.body and isinstance(tree.body[-1], ast.Expr) and not code.rstrip().endswith(";"):
        last = tree.body.pop().value  # type: ignore[attr-defined]
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    body = compile(tree, FILE, "exec", flags, dont_inherit=True)
    if last is None:
        return body, None
    return body, compile(ast.Expression(last), FILE, "eval", flags, dont_inherit=True)


async def _evaluate(code: CodeType, main: ModuleType) -> Any:
    found = eval(code, main.__dict__)  # noqa: S307 - the visitor's own program
    return await found if code.co_flags & inspect.CO_COROUTINE else found


async def _end_tasks(tasks: set[asyncio.Task[Any]]) -> None:
    # As `asyncio.run` does with what a program has left.
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=1)


def _no_input(prompt: object = "") -> NoReturn:
    raise RuntimeError(
        "input() has nobody to ask here: write the value into the program instead of"
        f" input({prompt!r})"
    )
