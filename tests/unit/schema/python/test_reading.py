"""Python types read from JSON."""

from __future__ import annotations

import json
import random
from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pywebllm.errors import InvalidRequestError, ParseError
from pywebllm.schema import build, grammar_of, schema_of

from tests.unit.schema.interpreter import Grammar
from tests.unit.schema.python.shop import (
    EVERYTHING,
    TEXT,
    Box,
    Color,
    Everything,
    Extra,
    Name,
    Person,
    Point,
    Positive,
    Side,
)


def test_every_supported_type_is_read_from_json() -> None:
    assert build(Everything, TEXT) == EVERYTHING


@pytest.mark.parametrize("type_", [Everything, Person, Extra, Point, list[Person], Box[str | None]])
def test_every_text_of_the_grammar_of_a_type_is_read(type_: Any) -> None:
    grammar, chance = Grammar.read(grammar_of(schema_of(type_))), random.Random(3)
    for _ in range(30):
        build(type_, grammar.derive(chance))


def test_missing_field_takes_its_default() -> None:
    assert build(Person, '{"name": "Ada", "age": 36}') == Person("Ada", 36)
    friend = build(Person, '{"name": "Ada", "age": 36, "friends": [{"name": "B", "age": 1}]}')
    assert friend.friends == [Person("B", 1)]
    assert build(Point, '{"x": 1}') == Point(1.0)


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
def test_value_is_read_as_its_type(type_: Any, text: str, value: object) -> None:
    found = build(type_, text)
    assert (found, type(found)) == (value, type(value))
    assert Grammar.read(grammar_of(schema_of(type_))).accepts(text)


def test_integer_may_have_a_decimal_point_as_in_json_schema() -> None:
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
        (Color, '"green"', '"green" is not one of "red", "blue"'),
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
        (set[Any], "[[1]]", "$: "),
        (list[set[Any]], "[[{}]]", "$[0]: "),
    ],
)  # fmt: skip
def test_json_that_does_not_fit_the_type_is_refused_with_its_place(
    type_: Any, text: str, problem: str
) -> None:
    with pytest.raises(ParseError) as caught:
        build(type_, text)
    assert problem in caught.value.problem
    assert caught.value.text == text


def test_unsupported_type_cannot_be_read() -> None:
    with pytest.raises(InvalidRequestError, match="cannot be read"):
        build(complex, "1")
