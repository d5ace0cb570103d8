"""`Annotated`, anywhere in a type."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, NewType

import pytest
from annotated_types import Ge, Len, MaxLen, MinLen, MultipleOf
from pywebllm.schema import build, grammar_of, schema_of, tool_of
from typing_extensions import TypeAliasType

from tests.unit.schema.interpreter import Grammar
from tests.unit.schema.python.shop import Box

Short = Annotated[str, {"maxLength": 3}]
Names = TypeAliasType("Names", list[str])
Age = NewType("Age", Annotated[int, Ge(0), "an age"])


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
def test_keywords_in_annotated_apply_inside_any_type(
    type_: Any, short: object, long: object
) -> None:
    assert fits(type_, short)
    assert not fits(type_, long)
    build(type_, json.dumps(short))


def test_generic_type_with_keywords_is_described_once() -> None:
    found: Any = schema_of(Label)
    assert list(found["$defs"]) == ["Box"]
    assert found["properties"]["box"] == found["properties"]["again"] == {"$ref": "#/$defs/Box"}


def test_keywords_in_annotated_apply_to_parameters_of_a_tool() -> None:
    def label(texts: list[Short]) -> None: ...

    tool: Any = tool_of(label)
    items = tool["function"]["parameters"]["properties"]["texts"]["items"]
    assert items == {"type": "string", "maxLength": 3}


def test_length_of_an_alias_counts_what_its_type_counts() -> None:
    found = schema_of(list[Annotated[Names, Len(2, 3)]])
    assert found["items"] == {"$ref": "#/$defs/Names", "minItems": 2, "maxItems": 3}
    assert fits(list[Annotated[Names, Len(2, 3)]], [["a", "b"]])
    assert not fits(list[Annotated[Names, Len(2, 3)]], [["a"]])
    assert not fits(Annotated[Names, MaxLen(1)], ["a", "b"])


@pytest.mark.parametrize("value", ["ab", [1, 2], {"a": 1, "b": 2}])
def test_length_applies_to_each_type_of_a_union(value: Any) -> None:
    type_ = Annotated[str | list[int] | dict[str, int], MaxLen(1)]
    assert not fits(type_, value)
    assert fits(type_, value[:1] if not isinstance(value, dict) else {"a": 1})


def test_length_adds_no_keyword_for_a_type_without_one() -> None:
    found: Any = schema_of(Annotated[list[int] | None, MinLen(1)])
    assert found["minItems"] == 1
    assert "minLength" not in found
    assert schema_of(Annotated[Any, MinLen(1)]) == {"minLength": 1}


def test_outer_annotations_override_inner_ones() -> None:
    assert schema_of(Annotated[Age, Ge(18), "of the buyer"]) == {
        "type": "integer", "minimum": 18, "description": "of the buyer",
    }  # fmt: skip
    assert schema_of(Annotated[Age, {"minimum": -1}])["minimum"] == -1


def test_two_bounds_of_one_kind_both_apply() -> None:
    assert schema_of(Annotated[Age, Ge(-5)])["minimum"] == 0
    assert schema_of(Annotated[str, MaxLen(3), MaxLen(9)])["maxLength"] == 3
    assert schema_of(Annotated[int, MultipleOf(6), MultipleOf(12)])["multipleOf"] == 12
