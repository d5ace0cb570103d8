"""Lengths that are counted beside a grammar, and those that stay in it."""

from __future__ import annotations

from typing import Any

import pytest
from pywebllm.errors import InvalidRequestError
from pywebllm.schema import counted_grammar_of, grammar_of

SHORT: dict[str, Any] = {"type": "string", "maxLength": 30}
LONG: dict[str, Any] = {"type": "string", "maxLength": 40}
ONE: dict[str, Any] = {"properties": {"k": {"const": 1}, "v": SHORT}, "required": ["k"]}
TWO: dict[str, Any] = {"properties": {"k": {"const": 2}, "v": LONG}, "required": ["k"]}


def counted(schema: dict[str, Any]) -> list[int | None]:
    """Return the most characters of the strings that are counted beside the grammar."""
    lengths = counted_grammar_of(schema).lengths
    return [] if lengths is None else [row.get("most") for row in lengths["strings"]]


@pytest.mark.parametrize(
    "schema",
    [
        SHORT,
        {"properties": {"a": SHORT, "b": {"type": "string"}}},
        {"additionalProperties": SHORT},
        {"patternProperties": {"^x-": SHORT}},
        {"items": {"anyOf": [SHORT, {"type": "null"}, {"type": "object"}]}},
        {"prefixItems": [SHORT]},
        {"$ref": "#/$defs/n", "$defs": {"n": {"properties": {"a": SHORT, "n": {"$ref": "#"}}}}},
        {"type": "string", "pattern": "^[a-z]+( [a-z]+)*$", "maxLength": 30},
        {"type": "string", "minLength": 3, "maxLength": 30},
        {"type": "string", "format": "email", "maxLength": 30},
    ],
)
def test_length_is_counted_where_one_string_may_stand(schema: dict[str, Any]) -> None:
    assert counted(schema) == [30]


@pytest.mark.parametrize(
    "schema",
    [
        {"anyOf": [SHORT, LONG]} | {"items": False},
        {"anyOf": [SHORT, {"enum": ["a longer text than the thirty characters"]}]},
        {"anyOf": [ONE, TWO]},
        {"patternProperties": {"^x-": SHORT, "^y-": {"type": "string", "pattern": "^a"}}},
        {"items": SHORT, "contains": {"const": "a"}},
        {"propertyNames": SHORT},
        # Met both where it is known and where it is not.
        {"properties": {"a": {"$ref": "#/$defs/o"}, "b": {"anyOf": [{"$ref": "#/$defs/o"}, TWO]}},
         "$defs": {"o": ONE}} | {"$comment": "shared"},
        {"type": "string", "minLength": 20, "maxLength": 30},
        {"type": "string", "pattern": "^[a-z]{3}$", "maxLength": 30},
        {"type": "string", "pattern": "^[a-z]{2,20}$", "maxLength": 30},
    ],
)  # fmt: skip
def test_length_stays_in_the_grammar_where_two_may_stand_or_nothing_is_gained(
    schema: dict[str, Any],
) -> None:
    found = counted_grammar_of(schema)
    assert (found.lengths, found.grammar) == (None, grammar_of(schema))


def test_string_that_is_too_short_for_its_pattern_is_refused_as_before() -> None:
    schema = {"properties": {"a": {"type": "string", "pattern": "^(abc)+$", "maxLength": 2}}}
    with pytest.raises(InvalidRequestError, match="no string fits"):
        counted_grammar_of(schema)


def test_grammar_without_lengths_is_small() -> None:
    schema = {"type": "string", "format": "uri", "maxLength": 2083}
    assert len(counted_grammar_of(schema).grammar) < 2000
