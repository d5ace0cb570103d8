"""Schemas that both apply: `allOf`, and keywords beside `$ref`, `anyOf` and `oneOf`."""

from __future__ import annotations

from typing import Any

import pytest
from pywebllm.errors import InvalidRequestError
from pywebllm.schema import grammar_of

from tests.unit.schema.checking import fits


def test_types_that_both_apply_add_no_integer() -> None:
    schema = {"type": "string", "anyOf": [{"type": ["integer", "number", "string"]}]}
    assert fits(schema, "a")
    assert not fits(schema, 5)


@pytest.mark.parametrize("types", [("integer", "number"), ("number", ["string", "integer"])])
def test_integer_is_left_of_integers_and_numbers_that_both_apply(types: Any) -> None:
    schema = {"allOf": [{"type": type_} for type_ in types]}
    assert fits(schema, 5)
    assert not fits(schema, 5.5)


def refers(name: str, *others: str) -> dict[str, object]:
    """An object that may hold itself, as all of some definitions."""
    parts = [{"$ref": f"#/$defs/{other}"} for other in (name, *others)]
    return {"type": "object", "properties": {"n": {"allOf": parts}}}


def test_reading_ends_for_definitions_that_refer_to_each_other_in_all_of() -> None:
    definitions = {"N": refers("N", "M"), "M": refers("M", "N")}
    schema = {"$defs": definitions, "$ref": "#/$defs/N"}
    assert fits(schema, {"n": {"n": {}}})
    assert not fits(schema, {"n": 1})


def test_schema_may_narrow_the_one_that_it_derives_from() -> None:
    schema = {
        "$defs": {
            "Base": {
                "type": "object",
                "properties": {"child": {"$ref": "#/$defs/Base"}, "a": {"type": "string"}},
            },
            "Derived": {
                "allOf": [
                    {"$ref": "#/$defs/Base"},
                    {"properties": {"child": {"$ref": "#/$defs/Derived"}, "b": {"const": 1}}},
                ],
            },
        },
        "$ref": "#/$defs/Derived",
    }
    assert fits(schema, {"child": {"child": {}, "a": "x", "b": 1}, "b": 1})
    assert not fits(schema, {"child": {"child": {"a": 1}}})
    assert not fits(schema, {"child": {"b": 2}})


def test_reading_ends_for_choices_that_refer_to_each_other_in_all_of() -> None:
    def choice(*names: str) -> dict[str, object]:
        none = {"type": "null"}
        return {"anyOf": [none, *({"allOf": [{"$ref": f"#/$defs/{it}"}]} for it in names)]}

    schema = {
        "$defs": {
            "N": {"type": "object", "properties": {"n": choice("N", "M")}},
            "M": {"type": "object", "properties": {"n": choice("M", "N")}},
        },
        "allOf": [{"$ref": "#/$defs/N"}, {"$ref": "#/$defs/M"}],
    }
    assert fits(schema, {"n": {"n": None}})
    assert not fits(schema, {"n": 1})


@pytest.mark.parametrize(
    ("schema", "fitting", "other"),
    [
        (
            {"type": ["string", "null"], "anyOf": [{"type": "integer"}, {"type": "string"}]},
            "a",
            None,
        ),
        ({"enum": ["a", "b"], "anyOf": [{"enum": ["c"]}, {"enum": ["b"]}]}, "b", "c"),
        ({"type": "string", "oneOf": [{"type": "integer"}, {"type": "string"}]}, "a", 1),
        (
            {"properties": {"a": {"allOf": [{"enum": [1]}, {"enum": [2]}]}, "b": {"const": 3}}},
            {"b": 3},
            {"a": 1},
        ),
        ({"items": {"allOf": [{"type": "string"}, {"type": "integer"}]}}, [], [1]),
    ],
)
def test_branch_that_contradicts_keywords_beside_the_choice_is_left_out(
    schema: Any, fitting: object, other: object
) -> None:
    assert fits(schema, fitting)
    assert not fits(schema, other)


def test_choice_without_a_branch_left_is_refused() -> None:
    schema = {"type": "null", "anyOf": [{"type": "integer"}, {"type": "string"}]}
    with pytest.raises(InvalidRequestError, match="nothing fits this schema"):
        grammar_of(schema)
