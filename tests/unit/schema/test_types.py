"""Python types: described as JSON Schema, written by the grammar, and read back."""

from __future__ import annotations

import json
import random
from dataclasses import InitVar, dataclass, make_dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import annotated_types
import pytest
from jsonschema import Draft202012Validator
from pywebllm.errors import InvalidRequestError, ParseError
from pywebllm.schema import build, grammar_of, schema_of
from typing_extensions import TypeAliasType

from tests.unit.schema.ebnf import Grammar
from tests.unit.schema.shop import (
    Address,
    Box,
    Colour,
    Everything,
    Extra,
    Level,
    Odd,
    Person,
    Point,
    Positive,
)

Name = TypeAliasType("Name", str)
Side = TypeAliasType("Side", Literal["a", "b"])
Several = TypeAliasType("Several", set[int])

EVERYTHING = Everything(
    text="é", whole=1, real=1.5, flag=True, nothing=None, any=[{"a": None}],
    day=date(2026, 1, 31), moment=datetime(2026, 1, 31, 12, tzinfo=UTC),
    hour=time(12, tzinfo=UTC), id=UUID(int=1), price=Decimal("9.99"), colour=Colour.BLUE,
    level=Level.HIGH, size=True, either="x", items=[1, 2], pair=(1, "a"), many=(1, 2, 3),
    unique={"a"}, frozen=frozenset({1}), names={"a": 1}, coloured={Colour.RED: 1}, plain={"b": []},
    point=Point(1.0, 2.0), box=Box(1, [2]), new=7,  # type: ignore[arg-type]
)  # fmt: skip
TEXT = json.dumps(
    {
        "text": "é", "whole": 1, "real": 1.5, "flag": True, "nothing": None, "any": [{"a": None}],
        "day": "2026-01-31", "moment": "2026-01-31T12:00:00Z", "hour": "12:00:00Z",
        "id": str(UUID(int=1)), "price": 9.99, "colour": "blue", "level": 2, "size": True,
        "either": "x", "items": [1, 2], "pair": [1, "a"], "many": [1, 2, 3], "unique": ["a"],
        "frozen": [1], "names": {"a": 1}, "coloured": {"red": 1}, "plain": {"b": []},
        "point": {"x": 1.0, "y": 2.0}, "box": {"content": 1, "more": [2]}, "new": 7,
    },
    ensure_ascii=False,
)  # fmt: skip


def test_a_dataclass_is_an_object_whose_fields_without_defaults_are_required() -> None:
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


def test_every_supported_type_is_read_as_it_was_written() -> None:
    assert build(Everything, TEXT) == EVERYTHING


def test_every_supported_type_has_a_schema_and_a_grammar() -> None:
    schema = schema_of(Everything)
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(json.loads(TEXT))
    assert Grammar.read(grammar_of(schema)).accepts(TEXT)


@pytest.mark.parametrize("type_", [Everything, Person, Extra, Point, list[Person], Box[str | None]])
def test_every_text_of_a_types_grammar_is_read(type_: Any) -> None:
    grammar, chance = Grammar.read(grammar_of(schema_of(type_))), random.Random(3)
    for _ in range(30):
        build(type_, grammar.derive(chance))


def test_a_missing_field_takes_its_default() -> None:
    assert build(Person, '{"name": "Ada", "age": 36}') == Person("Ada", 36)
    friend = build(Person, '{"name": "Ada", "age": 36, "friends": [{"name": "B", "age": 1}]}')
    assert friend.friends == [Person("B", 1)]
    assert build(Point, '{"x": 1}') == Point(1.0)


def test_typed_dicts_keep_what_is_required_also_when_annotations_are_texts() -> None:
    assert schema_of(Address)["required"] == ["street"]
    assert schema_of(Extra)["required"] == ["street", "floor"]
    assert build(Extra, '{"street": "a", "floor": 2}') == {"street": "a", "floor": 2}


def test_a_local_class_may_hold_itself() -> None:
    @dataclass
    class Node:
        value: int
        next: Node | None = None

    assert build(Node, '{"value": 1, "next": {"value": 2}}') == Node(1, Node(2))
    assert Grammar.read(grammar_of(schema_of(Node))).accepts('{"value": 1, "next": null}')


def test_two_classes_of_one_name_have_definitions_of_their_own() -> None:
    first = make_dataclass("Same", [("value", int)])
    second = make_dataclass("Same", [("value", str)])
    found: Any = schema_of(tuple[first, second, first])  # type: ignore[valid-type]
    assert list(found["$defs"]) == ["Same", "Same_2"]


def test_annotated_types_say_what_they_say_to_pydantic() -> None:
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
    ("type_", "text", "value"),
    [
        (float, "2", 2.0),
        (float | int, "2", 2),
        (bool | int, "1", 1),
        (Literal[1, True], "true", True),
        (tuple[()], "[]", ()),
        (tuple, "[1]", (1,)),
        (list, "[1]", [1]),
        (Annotated[str, "x"], '"a"', "a"),
        (dict[Literal["a", "b"], int], '{"b": 1}', {"b": 1}),
        (date | str, '"2026-01-31"', "2026-01-31"),
        (dict[Name, int], '{"a": 1}', {"a": 1}),
        (dict[Annotated[Side, "x"], int], '{"b": 1}', {"b": 1}),
    ],
)
def test_a_value_is_read_as_the_type_says(type_: Any, text: str, value: object) -> None:
    found = build(type_, text)
    assert (found, type(found)) == (value, type(value))
    assert Grammar.read(grammar_of(schema_of(type_))).accepts(text)


def test_an_integer_may_have_a_point_as_json_schema_says() -> None:
    assert build(int, "2.0") == 2


@pytest.mark.parametrize(
    ("type_", "text", "problem"),
    [
        (int, "", "is not JSON"),
        (int, "1 2", "is not JSON"),
        (Any, "NaN", "NaN is not JSON"),
        (Any, "[" * 100_000, "is not JSON"),
        (int, "true", "$: true is not an integer"),
        (int, "1.5", "not an integer"),
        (float, "1e999", "not a number"),
        (bool, "1", "not true or false"),
        (str, "1", "not a string"),
        (None, "1", "not null"),
        (date, '"2026-02-30"', "not a date"),
        (date, "1", "not a date"),
        (UUID, '"x"', "not a UUID"),
        (Colour, '"green"', '"green" is not one of "red", "blue"'),
        (Literal[1], "true", "true is not one of 1"),
        (int | None, '"a"', "no option fits"),
        (list[int], "{}", "{} is not an array"),
        (list[int], '[1, "a"]', '$[1]: "a" is not an integer'),
        (dict[str, int], '{"a": null}', "$.a: null is not an integer"),
        (tuple[int, str], "[1]", "there must be 2 items, got 1"),
        (Person, '{"name": "Ada"}', "$: 'age' is missing"),
        (Person, '{"name": "A", "age": 1, "x": 2}', "there is no 'x'"),
        (Person, '{"name": "", "age": 1, "friends": [{"name": 1}]}', "$.friends[0]: 'age' is"),
        (Person, "[]", "[] is not an object"),
        (Positive, '{"value": -1}', "Positive refuses it: it must be positive"),
        (str, json.dumps([0] * 100), "…"),
        (set[list[int]], "[[1]]", "$: "),
        (list[set[Any]], "[[{}]]", "$[0]: "),
    ],
)  # fmt: skip
def test_a_text_that_does_not_fit_is_refused_with_its_place(
    type_: Any, text: str, problem: str
) -> None:
    with pytest.raises(ParseError) as caught:
        build(type_, text)
    assert problem in caught.value.problem
    assert caught.value.text == text


@pytest.mark.parametrize(
    ("type_", "problem"),
    [
        (Odd, "Odd.bytes[]: bytes has no JSON form"),
        (bytes, "bytes: bytes has no JSON form"),
        (complex | int, "complex has no JSON form"),
        (Literal[b"x"], "no JSON form"),
        (dict[int, str], "must be strings"),
        (Box, "Box.content: T has no JSON form"),
        (3, "3 has no JSON form"),
        ({}, "{} has no JSON form"),
    ],
)
def test_a_type_without_a_json_form_is_refused_with_its_place(type_: Any, problem: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        schema_of(type_)
    assert problem in caught.value.problem
    assert "Use str, int" in caught.value.advice
    assert caught.value.param == "response_format"


def test_a_type_that_is_not_supported_cannot_be_read_either() -> None:
    with pytest.raises(InvalidRequestError, match="cannot be read"):
        build(bytes, "1")


def test_annotations_that_cannot_be_resolved_are_refused() -> None:
    @dataclass
    class Lost:
        other: Missing  # type: ignore[name-defined]  # noqa: F821

    with pytest.raises(InvalidRequestError, match="annotations of Lost cannot be resolved"):
        schema_of(Lost)


def test_a_class_that_takes_more_than_its_fields_is_refused() -> None:
    @dataclass
    class Seeded:
        value: int
        seed: InitVar[int]

    with pytest.raises(InvalidRequestError, match=r"Seeded\.seed: an InitVar without a default"):
        schema_of(Seeded)


def test_what_a_class_takes_beside_its_fields_keeps_its_default() -> None:
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
def test_a_set_that_must_hold_two_is_refused(type_: Any) -> None:
    # [1, 1] would be one too few.
    with pytest.raises(InvalidRequestError, match="uniqueItems"):
        grammar_of(schema_of(type_))


def test_a_set_that_must_hold_one_is_written_as_a_list() -> None:
    type_ = Annotated[set[int], annotated_types.Len(1, 2)]
    assert Grammar.read(grammar_of(schema_of(type_))).accepts("[1, 1]")
    assert build(type_, "[1, 1]") == {1}


def test_the_bounds_of_an_alias_hold_for_the_keys_of_a_dict() -> None:
    found: Any = schema_of(dict[Annotated[Name, annotated_types.MaxLen(3)], int])
    assert found["propertyNames"] == {"type": "string", "maxLength": 3}
