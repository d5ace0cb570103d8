"""The structural tag for tools.

Its formats are tested by a small translation to regular expressions; xgrammar has the real one.
"""

from __future__ import annotations

import logging
import re
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pywebllm import schema
from pywebllm.chat.tool_calls import tool_calls_text
from pywebllm.chat.tool_tag import tool_format
from pywebllm.chat.tools import Tool, ToolUse
from pywebllm.types import Function

from tests.unit.chat.refusing import refused

PARAMETERS = {
    "type": "object",
    "properties": {"a": {"type": "integer"}},
    "required": ["a"],
    "additionalProperties": False,
}
UNKNOWN = {"type": "object", "properties": {"a": {"not": {"multipleOf": 0.5}}}}
GRAMMARS = {schema.grammar_of(PARAMETERS): r'\{"a": \d\}', 'root ::= "yes"': "yes"}


def tool(name: str, *, strict: bool = False, parameters: Any = PARAMETERS) -> Tool:
    return Tool(
        path="tools[0].function", name=name, description="", parameters=parameters, strict=strict
    )


def use(*, must_call: bool = False, once: bool = False, only: tuple[str, ...] = ()) -> ToolUse:
    tools = (tool("add"), tool("add_all"))
    chosen = tuple(found for found in tools if found.name in only) or tools
    return ToolUse(shown=tools, callable=chosen, must_call=must_call, once=once)


def pattern(format_: Any) -> str:
    """Return a regular expression that matches the texts of a format."""
    kind = format_["type"]
    if kind == "grammar":
        return GRAMMARS[format_["grammar"]]
    if kind == "or":
        return "(?:" + "|".join(map(pattern, format_["elements"])) + ")"
    if kind == "tag":
        begin, end = re.escape(format_["begin"]), re.escape(format_["end"])
        return f"{begin}{pattern(format_['content'])}{end}"
    tags = "(?:" + "|".join(map(pattern, format_["tags"])) + ")"
    if kind == "tags_with_separator":
        assert format_["at_least_one"]
        return f"{tags}(?:{re.escape(format_['separator'])}{tags})*"
    assert kind == "triggered_tags"
    (trigger,) = format_["triggers"]
    assert all(tag["begin"].startswith(trigger) for tag in format_["tags"])
    free = f"(?:(?!{re.escape(trigger)})[\\s\\S])*"
    return f"{free}(?:{tags})?" if format_["stop_after_first"] else f"{free}(?:{tags}{free})*"


def fits(text: str, use_: ToolUse, answer: str | None = None) -> bool:
    return re.fullmatch(pattern(tool_format(use_, answer=answer)), text) is not None


def calls(*names: str) -> str:
    return tool_calls_text(Function(name=name, arguments='{"a": 1}') for name in names)


BOTH = calls("add", "add_all")


@pytest.mark.parametrize(
    ("use_", "yes", "no"),
    [
        (use(), ["", "Hi", BOTH, f"Hi {BOTH} so", "a <tool_"], ["<tool_call>", calls("sub")]),
        (use(once=True), ["", "Hi", f"Hi {calls('add')}"], [BOTH, calls("add") + "\n"]),
        (use(must_call=True), [BOTH, calls("add"), calls(*["add"] * 5)], ["", "Hi", f"\n{BOTH}"]),
        (use(must_call=True), [], [BOTH + "\n", calls("add") * 2, "yes", calls("sub")]),
        (use(must_call=True, once=True), [calls("add"), calls("add_all")], ["", BOTH]),
        (use(must_call=True, once=True, only=("add",)), [calls("add")], ["", calls("add_all")]),
        (use(only=("add",)), ["Hi", calls("add")], [calls("add_all")]),
    ],
)
def test_tool_format_allows_only_calls_of_the_callable_tools(
    use_: ToolUse, yes: list[str], no: list[str]
) -> None:
    assert [text for text in yes if not fits(text, use_)] == []
    assert [text for text in no if fits(text, use_)] == []


@pytest.mark.parametrize(
    ("use_", "yes", "no"),
    [
        (use(), ["yes", calls("add"), BOTH], ["", "Hi", "yes" + BOTH, BOTH + "yes"]),
        (use(once=True), ["yes", calls("add")], ["", "Hi", BOTH]),
        (use(must_call=True), [BOTH], ["yes"]),
    ],
)
def test_tool_format_with_a_grammar_allows_its_text_or_calls(
    use_: ToolUse, yes: list[str], no: list[str]
) -> None:
    answer = 'root ::= "yes"'
    assert [text for text in yes if not fits(text, use_, answer)] == []
    assert [text for text in no if fits(text, use_, answer)] == []


@given(st.lists(st.sampled_from(["add", "add_all"]), min_size=1, max_size=4))
def test_required_calls_have_the_form_in_which_they_are_sent_back(names: list[str]) -> None:
    assert fits(calls(*names), use(must_call=True))


def test_parallel_calls_beside_a_grammar_are_inside_one_tag() -> None:
    # xgrammar 0.1.27 refuses alternatives of which only one can continue indefinitely, as tags
    # with a separator can; inside a tag they have an end.
    elements = cast("list[Any]", tool_format(use(), answer='root ::= "yes"')["elements"])
    assert [element["type"] for element in elements] == ["grammar", "tag"]


def test_unsupported_schema_allows_any_object_and_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    loose = tool("add", parameters=UNKNOWN)
    with caplog.at_level(logging.WARNING, "pywebllm"):
        format_ = tool_format(ToolUse(shown=(loose,), callable=(loose,), must_call=True, once=True))
    (logged,) = caplog.messages
    assert "'add'" in logged
    assert "not" in logged.split("not enforced: ")[1]
    (call,) = cast("list[Any]", format_["elements"])
    assert call["content"]["grammar"] == schema.json_object_grammar()


def test_unsupported_strict_schema_is_refused() -> None:
    strict = tool("add", strict=True, parameters=UNKNOWN)
    with refused("tools[0].function.parameters", "not"):
        tool_format(ToolUse(shown=(strict,), callable=(strict,), must_call=True, once=True))


@pytest.mark.parametrize(
    "parameters",
    [
        {name: value for name, value in PARAMETERS.items() if name != "type"},
        {"$ref": "#/$defs/A", "$defs": {"A": PARAMETERS}},
    ],
)
def test_arguments_are_an_object_even_if_the_schema_does_not_say_so(parameters: Any) -> None:
    loose = tool("add", parameters=parameters)
    format_ = tool_format(ToolUse(shown=(loose,), callable=(loose,), must_call=True, once=True))
    (call,) = cast("list[Any]", format_["elements"])
    assert call["content"]["grammar"] == schema.grammar_of(PARAMETERS)
