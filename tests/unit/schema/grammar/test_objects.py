"""Grammars of objects."""

from __future__ import annotations

import pytest
from pywebllm.schema import grammar_of, json_object_grammar

from tests.unit.schema.checking import fits


@pytest.mark.parametrize("kept", range(16))
def test_optional_properties_may_be_missing_in_any_combination(kept: int) -> None:
    names = [name for at, name in enumerate("abcd") if kept >> at & 1]
    schema = {
        "type": "object",
        "properties": {name: {"type": "boolean"} for name in "abcd"},
        "required": ["c"],
    }
    assert fits(schema, dict.fromkeys(names, True)) is ("c" in names)


def test_many_optional_properties_make_a_grammar_of_linear_size() -> None:
    def size(count: int) -> int:
        names = {f"p{at:03}": {"type": "string"} for at in range(count)}
        return len(grammar_of({"type": "object", "properties": names}))

    assert size(100) < 2.2 * size(50)


def test_properties_come_in_the_order_of_the_schema() -> None:
    schema = {"type": "object", "properties": {"b": {}, "a": {}}, "required": ["a", "b"]}
    assert fits(schema, {"b": 1, "a": 2})
    assert not fits(schema, {"a": 2, "b": 1})


def test_object_with_properties_is_closed_unless_further_ones_are_allowed() -> None:
    properties = {"a": {"type": "integer"}, "é": {}}
    assert not fits({"properties": properties}, {"b": 1})
    more = {"properties": properties, "additionalProperties": {"type": "string"}}
    assert fits(more, {"a": 1, "ab": "x", "b": "y"})
    assert not fits(more, {"a": "x"})
    assert fits({"type": "object", "properties": {}}, {})
    assert not fits({"type": "object", "properties": {}}, {"a": 1})


def test_object_without_properties_is_a_map() -> None:
    assert fits({"type": "object"}, {"a": [1, {"b": None}], "": 2})
    assert json_object_grammar() == grammar_of({"type": "object"})
    listed = {"type": "object", "propertyNames": {"enum": ["x", "y"]}}
    assert fits(listed, {"y": 1})
    assert not fits(listed, {"z": 1})
