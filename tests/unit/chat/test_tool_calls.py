"""Tool calls parsed from generated text, and formatted again."""

from __future__ import annotations

import json
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pywebllm.chat.tool_calls import ToolCallReader, tool_calls_text
from pywebllm.types import Function

from tests.unit.chat.cut import pieces, texts

CALL = '<tool_call>\n{"name": "add", "arguments": {"a": 1}}\n</tool_call>'
OTHER = '<tool_call>\n{"name": "now", "arguments": {}}\n</tool_call>'
ADD = Function(name="add", arguments='{"a": 1}')
NOW = Function(name="now", arguments="{}")

TEXTS = texts(
    CALL, OTHER, "<tool_call>", "</tool_call>", '\n{"name": "', "add", '", "arguments": {', "}"
)
ARGUMENTS = st.dictionaries(
    st.text(), st.recursive(st.none() | st.text() | st.integers(), st.lists, max_leaves=5)
).map(json.dumps)
CALLS = st.lists(
    st.builds(
        Function,
        name=st.from_regex(r"[a-zA-Z0-9_-]{1,64}", fullmatch=True),
        arguments=ARGUMENTS | st.sampled_from(['{"a": "}\\n</tool_call>\\\\"}', '{"{": "\\""}']),
    ),
    min_size=1,
    max_size=3,
)
BEFORE = st.text().filter(lambda text: "<tool_call>" not in text and bool(text.strip()))


def read(*parts: str, truncated: bool = False) -> tuple[str, list[Function]]:
    """Accumulate the deltas of a reader, and check each of them."""
    ids = map(str, count())
    reader = ToolCallReader(lambda: next(ids))
    content = ""
    calls: list[Function] = []
    for added, deltas in [*map(reader.feed, parts), reader.end(truncated=truncated)]:
        content += added
        for delta in deltas:
            assert delta.function.arguments is not None
            if delta.index == len(calls):
                assert (delta.id, delta.type) == (str(delta.index), "function")
                assert delta.function.arguments == ""
                calls.append(Function(name=delta.function.name or "", arguments=""))
                continue
            assert (delta.index, delta.id, delta.type) == (len(calls) - 1, None, None)
            assert delta.function.name is None
            arguments = calls[-1].arguments + delta.function.arguments
            calls[-1] = Function(name=calls[-1].name, arguments=arguments)
    assert reader.has_calls is bool(calls)
    return content, calls


@pytest.mark.parametrize(
    ("text", "content", "calls"),
    [
        ("", "", []),
        ("Hello.", "Hello.", []),
        (" \n", " \n", []),
        (CALL, "", [ADD]),
        (f"{CALL}\n{OTHER}", "", [ADD, NOW]),
        (f"{CALL}{OTHER}\n\n", "", [ADD, NOW]),
        (f"\n{CALL}", "", [ADD]),
        (f"I add.\n\n{CALL}", "I add.\n\n", [ADD]),
        (f"I add.{CALL}\nI look. {OTHER}\nDone.", "I add.\nI look. \nDone.", [ADD, NOW]),
    ],
)
def test_tool_calls_are_removed_from_the_content(
    text: str, content: str, calls: list[Function]
) -> None:
    assert read(text) == (content, calls)


@pytest.mark.parametrize(
    "text",
    [
        "a < b",
        "<tool_cal",
        "<tool_call",
        "see <tool_call> there",
        '<tool_call>{"name": "add", "arguments": {}}</tool_call>',
        '<tool_call>\n{"name": "", "arguments": {}}\n</tool_call>',
        '<tool_call>\n{"name": "a b", "arguments": {}}\n</tool_call>',
        f'<tool_call>\n{{"name": "{"a" * 65}", "arguments": {{}}}}\n</tool_call>',
        '<tool_call>\n{"name": "add", "arguments": []}\n</tool_call>',
        "</tool_call>",
    ],
)
def test_text_that_resembles_a_tool_call_is_content(text: str) -> None:
    assert read(text) == (text, [])


def test_tool_call_may_follow_text_that_resembles_one() -> None:
    assert read(f"<tool_call>{CALL}") == ("<tool_call>", [ADD])


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ('{"a": "}\\n</tool_call>"}', '{"a": "}\\n</tool_call>"}'),
        ('{"a": "\\"}"}', '{"a": "\\"}"}'),
        ('{"a": "\\\\"}', '{"a": "\\\\"}'),
        ('{"a": {"b": [{}]}}', '{"a": {"b": [{}]}}'),
        ('{ "a" :1 }', '{ "a" :1 }'),
    ],
)
def test_arguments_are_returned_exactly_as_written(text: str, arguments: str) -> None:
    call = f'<tool_call>\n{{"name": "add", "arguments": {text}}}\n</tool_call>'
    assert read(f"{call}\n{OTHER}") == ("", [Function(name="add", arguments=arguments), NOW])


@pytest.mark.parametrize(
    ("text", "content", "calls"),
    [
        ("<tool_call>", "", []),
        ('\n<tool_call>\n{"', "", []),
        ('I add. <tool_call>\n{"na', "I add. ", []),
        ('<tool_call>\n{"name": "ad', "", []),
        ("<tool_call><tool_call>\n", "<tool_call>", []),
        ('<tool_call>\n{"name": "add"', "", [Function(name="add", arguments="")]),
        ('<tool_call>\n{"name": "add", "argu', "", [Function(name="add", arguments="")]),
        (CALL[:-17], "", [Function(name="add", arguments='{"a":')]),
        (CALL[:-14], "", [ADD]),
        (CALL[:-1], "", [ADD]),
        (f"{CALL}\n<tool", "", [ADD]),
        (f'{CALL}\n<tool_call>\n{{"na', "", [ADD]),
    ],
)
@pytest.mark.parametrize("truncated", [True, False])
def test_tool_call_without_its_end_keeps_only_its_name_and_arguments_so_far(
    text: str, content: str, calls: list[Function], *, truncated: bool
) -> None:
    assert read(text, truncated=truncated) == (content, calls)


@pytest.mark.parametrize(
    ("text", "content"),
    [("3 <", "3 "), ("<tool_cal", ""), (" \n<", ""), ("a <b", "a <b"), (" ", " ")],
)
def test_beginning_of_a_truncated_tag_is_not_content(text: str, content: str) -> None:
    assert read(text, truncated=True) == (content, [])
    assert read(text) == (text, [])


@given(TEXTS, st.integers(min_value=0))
def test_truncated_content_begins_the_whole_content(text: str, length: int) -> None:
    whole, _ = read(text)
    content, _ = read(text[: length % (len(text) + 1)], truncated=True)
    assert whole.startswith(content) or not content.strip()


def test_text_between_the_arguments_and_the_closing_tag_is_content() -> None:
    text = '<tool_call>\n{"name": "add", "arguments": {}, "more": 1}'
    assert read(text) == (', "more": 1}', [Function(name="add", arguments="{}")])


@given(pieces(TEXTS))
def test_tool_calls_do_not_depend_on_how_the_text_is_split(cut: tuple[str, list[str]]) -> None:
    text, parts = cut
    assert read(*parts) == read(text)


def test_has_calls_is_true_once_the_arguments_begin() -> None:
    reader = ToolCallReader(lambda: "id")
    had = []
    for part in ('<tool_call>\n{"name": "add", "arguments": ', "{", "}}\n</tool_call>"):
        reader.feed(part)
        had.append(reader.has_calls)
    assert had == [False, True, True]


def test_content_and_arguments_are_streamed_before_they_are_complete() -> None:
    reader = ToolCallReader(lambda: "id")
    assert reader.feed("Let me <tool") == ("Let me ", ())
    assert reader.feed("s>.") == ("<tools>.", ())
    _, (first, second) = reader.feed('<tool_call>\n{"name": "add", "arguments": {')
    assert (first.function.name, second.function.arguments) == ("add", "{")
    assert reader.has_calls
    _, (third,) = reader.feed('"city": "Par')
    assert third.function.arguments == '"city": "Par'


@given(BEFORE | st.just(""), CALLS)
def test_parsed_tool_calls_are_formatted_again_byte_for_byte(
    before: str, calls: list[Function]
) -> None:
    text = before + tool_calls_text(calls)
    content, found = read(text)
    assert (content, found) == (before, calls)
    assert content + tool_calls_text(found) == text


def test_empty_arguments_are_formatted_as_an_empty_object() -> None:
    assert tool_calls_text([Function(name="now", arguments="")]) == OTHER
