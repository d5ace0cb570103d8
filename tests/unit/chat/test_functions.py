"""The deprecated form of tools."""

from __future__ import annotations

from typing import Any

import pytest
from pywebllm.chat.call import ChatCall, read_call

from tests.unit.chat.refusing import refused

USER = {"role": "user", "content": "Hi"}
NOW = {"name": "now", "description": "Return the time."}
TOOL = {"type": "function", "function": NOW}
CALL = {"name": "now", "arguments": "{}"}
CALLED = {"role": "assistant", "content": None, "function_call": CALL}
RESULT = {"role": "function", "name": "now", "content": "noon"}


def call(**body: object) -> ChatCall:
    return read_call({"messages": [USER], **body})


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({}, {}),
        ({"function_call": "auto"}, {"tool_choice": "auto"}),
        ({"function_call": "none"}, {"tool_choice": "none"}),
        (
            {"function_call": {"name": "now"}},
            {"tool_choice": {"type": "function", "function": {"name": "now"}}},
        ),
    ],
)
def test_functions_are_tools_of_which_an_answer_calls_one(
    old: dict[str, Any], new: dict[str, Any]
) -> None:
    assert call(functions=[NOW], **old) == call(tools=[TOOL], **new, parallel_tool_calls=False)


def test_function_call_and_its_result_are_a_call_and_its_result() -> None:
    tool_call = {"id": "x", "type": "function", "function": CALL}
    old = [USER, CALLED, RESULT, CALLED, RESULT]
    asked = {"role": "assistant", "content": None, "tool_calls": [tool_call]}
    answered = {"role": "tool", "tool_call_id": "x", "content": "noon"}
    new = [USER, asked, answered, asked, answered]
    assert read_call({"messages": old}) == read_call({"messages": new})


@pytest.mark.parametrize(
    ("body", "path", "words"),
    [
        ({"functions": [NOW], "tools": [TOOL]}, "functions", "tools"),
        ({"functions": [NOW], "tool_choice": "auto"}, "functions", "tool_choice"),
        ({"functions": [3]}, "functions[0]", "mapping"),
        ({"function_call": "auto"}, "function_call", "requires functions"),
        ({"functions": [NOW], "function_call": "required"}, "function_call", "'auto'"),
        ({"messages": [USER, RESULT]}, "messages[1].name", "preceding function_call"),
        (
            {"messages": [USER, CALLED, {**RESULT, "name": "add"}]},
            "messages[2].name",
            "'add'",
        ),
        ({"messages": [USER, {**CALLED, "function_call": 3}]}, "messages[1].function_call", "map"),
    ],
)
def test_wrong_function_is_named_by_its_path(body: dict[str, Any], path: str, words: str) -> None:
    with refused(path, words):
        call(**body)
