"""What `Annotated` says, wherever it stands in a type."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import pytest
from pywebllm.schema import build, grammar_of, schema_of, tool_of

from tests.unit.schema.ebnf import Grammar
from tests.unit.schema.shop import Box

Short = Annotated[str, {"maxLength": 3}]


@dataclass
class Label:
    text: Short
    more: list[Short]
    box: Box[Short]
    again: Box[Short]


def fits(type_: Any, value: object) -> bool:
    found = Grammar.read(grammar_of(schema_of(type_)))
    return found.accepts(json.dumps(value, ensure_ascii=False))


@pytest.mark.parametrize(
    ("type_", "short", "long"),
    [
        (list[Short], ["abc"], ["abcd"]),
        (tuple[Short, int], ["abc", 1], ["abcd", 1]),
        (tuple[Short, ...], ["abc"], ["abcd"]),
        (dict[str, Short], {"a": "abc"}, {"a": "abcd"}),
        (dict[Short, int], {"abc": 1}, {"abcd": 1}),
        (Mapping[str, list[Short]], {"a": ["abc"]}, {"a": ["abcd"]}),
        (list[Short] | None, ["abc"], ["abcd"]),
        (Box[Short], {"content": "abc", "more": ["a"]}, {"content": "abcd", "more": ["a"]}),
        (list[Box[Short]], [{"content": "abc", "more": []}], [{"content": "abcd", "more": []}]),
    ],
)
def test_keywords_in_annotated_hold_inside_of_any_type(
    type_: Any, short: object, long: object
) -> None:
    assert fits(type_, short)
    assert not fits(type_, long)
    build(type_, json.dumps(short))


def test_a_generic_that_holds_keywords_is_described_once() -> None:
    found: Any = schema_of(Label)
    assert list(found["$defs"]) == ["Box"]
    assert found["properties"]["box"] == found["properties"]["again"] == {"$ref": "#/$defs/Box"}


def test_keywords_in_annotated_hold_for_what_a_tool_takes() -> None:
    def label(texts: list[Short]) -> None: ...

    tool: Any = tool_of(label)
    items = tool["function"]["parameters"]["properties"]["texts"]["items"]
    assert items == {"type": "string", "maxLength": 3}
