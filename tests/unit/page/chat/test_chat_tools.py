"""The tools of the chat: arithmetic that is safe, and the shelf."""

from __future__ import annotations

import math

import pytest
from page.chat.tools.calculator import ArithmeticProblem, calculate
from page.chat.tools.shelf import Shelf, Tool, ToolProblem, builtin_shelf

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
    shelf.add(Tool(name="broken", label="Broken", function=broken))
    with pytest.raises(ToolProblem, match=problem):
        await shelf.run(name, arguments)


async def test_result_that_is_not_a_string_is_sent_as_json() -> None:
    tool = Tool(name="pair", label="Pair", function=lambda: {"a": [1, None]})
    assert await Shelf([tool]).run("pair", "{}") == '{"a": [1, null]}'


def test_functions_that_are_not_on_the_shelf_are_left_out() -> None:
    shelf = builtin_shelf(fetch)
    (found,) = shelf.functions(["clock", "magic"])
    assert found.__name__ == "clock"
    assert shelf.label("magic") == "magic"
