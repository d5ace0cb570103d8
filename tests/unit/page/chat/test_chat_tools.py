"""The tools of the chat: arithmetic that is safe, and the shelf."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import pytest
from page.chat.tools import own
from page.chat.tools.calculator import ArithmeticProblem, calculate
from page.chat.tools.own import read_own_tools
from page.chat.tools.shelf import Shelf, ToolProblem, builtin_shelf, function_tool
from page.python.jobs import CallProblem

from tests.unit.page.store import FakeStore

pytestmark = pytest.mark.timeout(20)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("1 + 2 * 3", 7),
        ("-(2 ** 10) // 3", -342),
        ("17 % 5", 2),
        ("sqrt(2) * sqrt(2)", 2.0000000000000004),
        ("max(1, 2, 3) + round(2.5)", 5),
        (" pi ", math.pi),
        ("2 ** 0.5", math.sqrt(2)),
    ],
)
def test_arithmetic_is_calculated(expression: str, value: float) -> None:
    assert calculate(expression) == value


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "x",
        "1 +",
        "True",
        "'a' * 3",
        "(1).real",
        "abs.__name__",
        "print(1)",
        "[1]",
        "lambda: 1",
        "1 if 1 else 2",
        "round(number=1)",
        "9 ** 9 ** 9",
        "10 ** 1000 * 10 ** 1000",
        "1 / 0",
        "exp(10000)",
        "(-1) ** 0.5",
        "sqrt(-1)",
        "1" * 600,
        "(" * 300 + "1" + ")" * 300,
    ],
)
def test_anything_else_is_refused(expression: str) -> None:
    with pytest.raises(ArithmeticProblem):
        calculate(expression)


async def fetch(address: str) -> str:
    return f"text at {address}"


async def test_builtin_tools_run_with_the_arguments_of_the_model() -> None:
    shelf = builtin_shelf(fetch)
    assert [tool.name for tool in shelf.tools()] == ["clock", "calculator", "read_address"]
    assert await shelf.run("calculator", '{"expression": "6 * 7"}') == "42"
    assert await shelf.run("read_address", '{"address": "https://a.b"}') == "text at https://a.b"
    assert "20" in await shelf.run("clock", "")


@pytest.mark.parametrize(
    ("name", "arguments", "problem"),
    [
        ("magic", "{}", "no tool named magic"),
        ("calculator", "{", "do not fit"),
        ("calculator", "[]", "do not fit"),
        ("calculator", "{}", "do not fit"),
        ("calculator", '{"expression": "x"}', "only numbers"),
        ("calculator", '{"expression": 1}', "has no"),
        ("broken", "{}", "KeyError"),
    ],
)
async def test_tool_that_fails_says_why(name: str, arguments: str, problem: str) -> None:
    def broken() -> None:
        raise KeyError("gone")

    shelf = builtin_shelf(fetch)
    shelf.put_own([function_tool(broken, "Broken")])
    with pytest.raises(ToolProblem, match=problem):
        await shelf.run(name, arguments)


async def test_result_that_is_not_a_string_is_sent_as_json() -> None:
    def pair() -> object:
        return {"a": [1, None]}

    assert await Shelf([function_tool(pair, "Pair")]).run("pair", "{}") == '{"a": [1, null]}'


def test_functions_that_are_not_on_the_shelf_are_left_out() -> None:
    shelf = builtin_shelf(fetch)
    (found,) = shelf.offers(["clock", "magic"])
    assert getattr(found, "__name__", "") == "clock"
    assert shelf.label("magic") == "magic"


def program(name: str, *, changed: float, code: str = "") -> dict[str, Any]:
    """Return the record of a program with one tool."""
    description = {"type": "function", "function": {"name": name, "parameters": {}}}
    return {
        "id": f"{name}{changed}",
        "name": "Program",
        "code": "edited since",
        "changed": changed,
        "tools": [description],
        "tools_code": code,
    }


async def call(code: str, name: str, arguments: str) -> str:
    """Answer as the Python view does."""
    if code == "hangs":
        await asyncio.Event().wait()
    if code == "stopped":
        raise CallProblem("Stopped after 1.0 s.")
    if code == "raises":
        return "Error: ValueError: no"
    return f"{name} of {code} with {arguments}"


async def test_own_tools_are_called_in_the_program_as_it_was_run() -> None:
    store = FakeStore()
    for record in (
        program("roll", changed=3, code="newer"),
        program("roll", changed=1, code="older"),
        {"id": "z", "name": "Without tools", "code": "", "changed": 2},
        program("clock", changed=2, code="mine"),
    ):
        await store.write("programs", record)
    shelf = builtin_shelf(fetch)
    shelf.put_own(await read_own_tools(store, call))
    assert [tool.name for tool in shelf.tools()] == ["clock", "calculator", "read_address", "roll"]
    assert shelf.label("roll") == "roll (your own)"
    assert shelf.offers(["roll"]) == program("roll", changed=0)["tools"]
    assert await shelf.run("roll", "{}") == "roll of newer with {}"
    assert await shelf.run("clock", "{}") == "clock of mine with {}"
    # Without its program there is the page's again.
    await store.remove("programs", "clock2")
    shelf.put_own(await read_own_tools(store, call))
    assert shelf.label("clock") == "Clock"


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("raises", "^ValueError: no$"),
        ("stopped", "^Stopped after"),
        ("hangs", "not return within 0.001 seconds"),
    ],
)
async def test_own_tool_that_does_not_return_is_a_problem(
    monkeypatch: pytest.MonkeyPatch, code: str, problem: str
) -> None:
    monkeypatch.setattr(own, "LIMIT", 0.001)
    store = FakeStore()
    await store.write("programs", program("roll", changed=1, code=code))
    shelf = Shelf(await read_own_tools(store, call))
    with pytest.raises(ToolProblem, match=problem):
        await shelf.run("roll", "{}")
