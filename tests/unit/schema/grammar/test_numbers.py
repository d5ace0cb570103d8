"""Grammars of integers and numbers."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.unit.schema.checking import grammar, refusal


@pytest.mark.parametrize("low", [-130, -10, -1, 0, 1, 7, 99, 100])
@pytest.mark.parametrize("high", [-99, 0, 1, 9, 10, 101, 1234])
@pytest.mark.parametrize("step", [1, 2, 7, 25])
def test_bounds_of_integers_are_kept_exactly(low: int, high: int, step: int) -> None:
    wanted = {number for number in range(-200, 1300) if low <= number <= high and not number % step}
    schema = {"type": "integer", "minimum": low, "maximum": high, "multipleOf": step}
    if not wanted:
        assert "no number fits" in str(refusal(schema))
        return
    found = grammar(schema)
    assert {number for number in range(-200, 1300) if found.accepts(str(number))} == wanted
    assert not found.accepts("-0")
    assert not found.accepts("01")


def test_integer_without_bounds_has_at_most_fifteen_digits() -> None:
    found = grammar({"type": "integer"})
    assert found.accepts("-" + "9" * 15)
    assert not found.accepts("1" * 16)
    beyond = grammar({"type": "integer", "minimum": 10**15})
    assert beyond.accepts(str(10**15))
    assert not beyond.accepts(str(10**15 - 1))


def test_large_multiples_are_written_digit_by_digit() -> None:
    found = grammar({"type": "integer", "multipleOf": 7})
    assert found.accepts(str(7 * 123456789))
    assert not found.accepts(str(7 * 123456789 + 1))


def test_numbers_have_no_exponent_and_keep_their_bounds() -> None:
    found = grammar({"type": "number", "exclusiveMinimum": 0.25, "maximum": 10})
    for text in ("0.26", "0.250001", "1", "9.99", "10", "10.0"):
        assert found.accepts(text), text
    for text in ("0.25", "0.250", "0.2", "0", "10.01", "1e0", "-1", "11", "1."):
        assert not found.accepts(text), text


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "integer", "exclusiveMinimum": 10**16},
        {"type": "number", "minimum": 10**16},
        {"type": "number", "exclusiveMinimum": 999999999999999, "maximum": 10**16},
    ],
)
def test_bounds_of_more_than_fifteen_digits_are_kept(schema: Any) -> None:
    found, chance = grammar(schema), random.Random(4)
    for _ in range(50):
        Draft202012Validator(schema).validate(json.loads(found.derive(chance)))
