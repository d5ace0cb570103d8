"""The tools of a request, and which of them may be called."""

from __future__ import annotations

from typing import Any

import pytest
from pywebllm.chat.tools import ToolUse, read_tools

from tests.unit.chat.refusing import refused

PARAMETERS = {"type": "object", "properties": {"a": {"type": "integer", "default": None}}}


def tool(name: str, **function: object) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, **function}}


ADD = tool("add", description="Adds.", parameters=PARAMETERS, strict=True)
NOW = tool("now")


def named(name: str) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name}}


def allowed(mode: str, *names: str) -> dict[str, Any]:
    tools = [named(name) for name in names]
    return {"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": tools}}


def use_of(**values: object) -> ToolUse:
    use = read_tools({"tools": [ADD, NOW], **values})
    assert use is not None
    assert [shown.name for shown in use.shown] == ["add", "now"]
    return use


def test_all_fields_of_a_tool_are_read() -> None:
    add, now = use_of().shown
    assert (add.path, add.name, add.description, add.strict) == (
        "tools[0].function",
        "add",
        "Adds.",
        True,
    )
    assert add.parameters == PARAMETERS
    assert (now.description, now.strict) == ("", False)


@pytest.mark.parametrize("parameters", [{}, {"parameters": None}, {"parameters": {}}])
def test_tool_without_parameters_takes_an_empty_object(parameters: dict[str, object]) -> None:
    use = read_tools({"tools": [tool("now", **parameters)]})
    assert use is not None
    assert use.shown[0].parameters == {
        "type": "object",
        "properties": {},
        "additionalProperties": False,
    }


@pytest.mark.parametrize(
    ("choice", "callable_", "must_call", "once"),
    [
        ("auto", ["add", "now"], False, False),
        ("required", ["add", "now"], True, False),
        (named("now"), ["now"], True, True),
        (allowed("auto", "now"), ["now"], False, False),
        (allowed("required", "now", "add"), ["add", "now"], True, False),
    ],
)
def test_tool_choice_determines_the_callable_tools(
    choice: object, callable_: list[str], must_call: bool, once: bool
) -> None:
    use = use_of(tool_choice=choice)
    assert [found.name for found in use.callable] == callable_
    assert (use.must_call, use.once) == (must_call, once)


def test_default_tool_choice_is_auto() -> None:
    assert use_of() == use_of(tool_choice="auto", parallel_tool_calls=True)


def test_parallel_tool_calls_false_allows_one_call() -> None:
    assert use_of(parallel_tool_calls=False).once
    assert use_of(tool_choice="required", parallel_tool_calls=False).once


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"tools": []},
        {"tools": [], "tool_choice": "auto", "parallel_tool_calls": False},
        {"tool_choice": "none"},
    ],
)
def test_request_without_tools_has_no_tool_use(values: dict[str, object]) -> None:
    assert read_tools(values) is None


def test_tools_with_choice_none_are_shown_but_not_callable() -> None:
    use = use_of(tool_choice="none")
    assert (bool(use.shown), use.callable, use.must_call) == (True, (), False)


@pytest.mark.parametrize(
    ("given", "path", "words"),
    [
        ("add", "", "mapping"),
        ({"function": {"name": "add"}}, ".type", "'function'"),
        ({"type": "custom", "custom": {"name": "add"}}, ".type", "use a function"),
        ({"type": "web_search"}, ".type", "'function'"),
        ({**NOW, "strict": True}, ".strict", "not a known key"),
        ({"type": "function"}, ".function", "mapping"),
        ({"type": "function", "function": {}}, ".function.name", "a string"),
        (tool(""), ".function.name", "1 to 64"),
        (tool("a b"), ".function.name", "'a b'"),
        (tool("é"), ".function.name", "'é'"),
        (tool("a" * 65), ".function.name", "1 to 64"),
        (tool("add\n"), ".function.name", "1 to 64"),
        (tool("add", description=3), ".function.description", "a string"),
        (tool("add", parameters=[]), ".function.parameters", "mapping"),
        (tool("add", parameters={"type": "array"}), ".function.parameters.type", "'array'"),
        (tool("add", strict="yes"), ".function.strict", "a boolean"),
        (tool("add", parameter={}), ".function.parameter", "'parameters'"),
        (NOW, ".function.name", "must be unique"),
    ],
)
def test_wrong_tool_is_named_by_its_path(given: object, path: str, words: str) -> None:
    with refused(f"tools[1]{path}", words):
        read_tools({"tools": [NOW, given]})


@pytest.mark.parametrize(
    ("choice", "path", "words"),
    [
        ("any", "", "'required'"),
        (3, "", "must be 'none', 'auto', 'required' or a mapping, got 3"),
        ({}, ".type", "'allowed_tools'"),
        ({"type": "custom"}, ".type", "'function'"),
        ({"type": "function"}, ".function", "mapping"),
        ({**named("add"), "name": "add"}, ".name", "not a known key"),
        ({"type": "function", "function": {}}, ".function.name", "a string"),
        (named("ad"), ".function.name", "Did you mean 'add'?"),
        ({"type": "allowed_tools"}, ".allowed_tools", "mapping"),
        (allowed("never", "add"), ".allowed_tools.mode", "'auto'"),
        (allowed("auto"), ".allowed_tools.tools", "'none'"),
        (allowed("auto", "add", "noo"), ".allowed_tools.tools[1].function.name", "'now'"),
        (
            {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": ["add"]}},
            ".allowed_tools.tools[0]",
            "mapping",
        ),
        (
            {"type": "allowed_tools", "allowed_tools": {"modus": "auto"}},
            ".allowed_tools.modus",
            "'mode'",
        ),
    ],
)
def test_wrong_tool_choice_is_named_by_its_path(choice: object, path: str, words: str) -> None:
    with refused(f"tool_choice{path}", words):
        read_tools({"tools": [ADD, NOW], "tool_choice": choice})


def test_required_call_without_tools_is_refused() -> None:
    with refused("tool_choice", "no tools"):
        read_tools({"tool_choice": "required"})
    with refused("tool_choice.function.name", "must be the name of one of the tools"):
        read_tools({"tool_choice": named("add")})
