"""Python types described as JSON Schema, and written by the grammar."""

from __future__ import annotations

import json
from dataclasses import InitVar, dataclass, make_dataclass
from datetime import date
from typing import Annotated, Any, Literal

import annotated_types
import pytest
from jsonschema import Draft202012Validator
from pywebllm.errors import InvalidRequestError
from pywebllm.schema import build, grammar_of, schema_of

from tests.unit.schema.interpreter import Grammar
from tests.unit.schema.python.shop import (
    TEXT,
    Address,
    Box,
    Everything,
    Extra,
    Name,
    Odd,
    Person,
    Several,
)


def test_fields_of_a_dataclass_without_defaults_are_required() -> None:
    assert schema_of(Person) == {
        "description": "Someone.",
        "type": "object",
        "properties": {
            "name": {"type": "string", "description": "What they are called."},
            "age": {"type": "integer", "minimum": 0, "maximum": 150, "description": "In years."},
            "friends": {"type": "array", "items": {"$ref": "#"}},
            "address": {
                "anyOf": [{"$ref": "#/$defs/Address"}, {"type": "null"}],
                "default": None,
            },
            "nickname": {"type": "string", "description": "If any.", "default": ""},
        },
        "required": ["name", "age"],
        "additionalProperties": False,
        "$defs": {
            "Address": {
                "description": "Where someone lives.",
                "type": "object",
                "properties": {
                    "street": {"type": "string", "description": "With the number."},
                    "zip": {"type": "string"},
                },
                "required": ["street"],
                "additionalProperties": False,
            }
        },
    }


def test_every_supported_type_has_a_schema_and_a_grammar() -> None:
    schema = schema_of(Everything)
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(json.loads(TEXT))
    assert Grammar.read(grammar_of(schema)).accepts(TEXT)


def test_typed_dict_keeps_its_required_keys_when_hints_are_strings() -> None:
    assert schema_of(Address)["required"] == ["street"]
    assert schema_of(Extra)["required"] == ["street", "floor"]
    assert build(Extra, '{"street": "a", "floor": 2}') == {"street": "a", "floor": 2}


def test_local_class_may_be_recursive() -> None:
    @dataclass
    class Node:
        value: int
        next: Node | None = None

    assert build(Node, '{"value": 1, "next": {"value": 2}}') == Node(1, Node(2))
    assert Grammar.read(grammar_of(schema_of(Node))).accepts('{"value": 1, "next": null}')


def test_two_classes_of_one_name_have_separate_definitions() -> None:
    first = make_dataclass("Same", [("value", int)])
    second = make_dataclass("Same", [("value", str)])
    found: Any = schema_of(tuple[first, second, first])  # type: ignore[valid-type]
    assert list(found["$defs"]) == ["Same", "Same_2"]


def test_classes_of_annotated_types_mean_what_they_mean_to_pydantic() -> None:
    assert schema_of(Annotated[int, annotated_types.Ge(1), annotated_types.Lt(9)]) == {
        "type": "integer", "minimum": 1, "exclusiveMaximum": 9,
    }  # fmt: skip
    assert schema_of(Annotated[list[int], annotated_types.Len(1, 3)])["maxItems"] == 3
    assert schema_of(Annotated[str | None, annotated_types.MaxLen(3)])["maxLength"] == 3
    with pytest.raises(InvalidRequestError, match=r"Predicate.* cannot be expressed"):
        schema_of(list[annotated_types.LowerCase[str]])
    with pytest.raises(InvalidRequestError, match="must be a number"):
        schema_of(Annotated[date, annotated_types.Gt(date(2020, 1, 1))])


@pytest.mark.parametrize(
    ("type_", "problem"),
    [
        (Odd, "Odd.bytes[]: complex has no JSON form"),
        (complex, "complex: complex has no JSON form"),
        (complex | int, "complex has no JSON form"),
        (Literal[b"x"], "no JSON form"),
        (dict[int, str], "must be strings"),
        (Box, "Box.content: T has no JSON form"),
        (3, "3 has no JSON form"),
        ({}, "{} has no JSON form"),
        (set[list[int]], "has no JSON form"),
        (frozenset[tuple[dict[str, int], ...]], "has no JSON form"),
        (set[Odd], "has no JSON form"),
        (tuple[int, *tuple[str, ...]], "has no JSON form"),
    ],
)
def test_type_without_a_json_form_is_refused_with_its_place(type_: Any, problem: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        schema_of(type_)
    assert problem in caught.value.problem
    assert "Use str, int" in caught.value.advice
    assert caught.value.param == "response_format"


def test_type_hints_that_cannot_be_resolved_are_refused() -> None:
    @dataclass
    class Lost:
        other: Missing  # type: ignore[name-defined]  # noqa: F821

    with pytest.raises(InvalidRequestError, match="annotations of Lost cannot be resolved"):
        schema_of(Lost)


def test_dataclass_with_a_required_init_var_is_refused() -> None:
    @dataclass
    class Seeded:
        value: int
        seed: InitVar[int]

    with pytest.raises(InvalidRequestError, match=r"Seeded\.seed: an InitVar without a default"):
        schema_of(Seeded)


def test_init_var_with_a_default_is_left_out() -> None:
    @dataclass
    class Seeded:
        value: int
        seed: InitVar[int] = 3

    assert schema_of(Seeded)["required"] == ["value"]
    assert build(Seeded, '{"value": 1}') == Seeded(1)


@pytest.mark.parametrize(
    "type_",
    [
        Annotated[set[int], annotated_types.MinLen(2)],
        Annotated[frozenset[int], {"minItems": 2}],
        list[Annotated[set[int] | None, annotated_types.Len(2, 3)]],
        Annotated[Several, annotated_types.MinLen(2)],
    ],
)
def test_set_of_at_least_two_items_is_refused(type_: Any) -> None:
    # [1, 1] would be one too few.
    with pytest.raises(InvalidRequestError, match="uniqueItems"):
        grammar_of(schema_of(type_))


def test_set_of_at_least_one_item_is_written_as_a_list() -> None:
    type_ = Annotated[set[int], annotated_types.Len(1, 2)]
    assert Grammar.read(grammar_of(schema_of(type_))).accepts("[1, 1]")
    assert build(type_, "[1, 1]") == {1}


def test_bounds_of_an_alias_apply_to_the_keys_of_a_dict() -> None:
    found: Any = schema_of(dict[Annotated[Name, annotated_types.MaxLen(3)], int])
    assert found["propertyNames"] == {"type": "string", "maxLength": 3}


def test_dataclass_without_an_init_is_refused() -> None:
    @dataclass(init=False)
    class Unmade:
        a: int

    with pytest.raises(InvalidRequestError, match="Unmade cannot be made from its fields"):
        schema_of(Unmade)
