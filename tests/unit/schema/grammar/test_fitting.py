"""The length of strings with a pattern: strings that fit exist, and all that are written fit."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pywebllm.errors import InvalidRequestError
from pywebllm.schema import grammar_of

from tests.unit.schema.interpreter import Grammar


def of(pattern: str, least: int, most: int | None) -> dict[str, Any]:
    found: dict[str, Any] = {"type": "string", "pattern": pattern, "minLength": least}
    return found if most is None else {**found, "maxLength": most}


@pytest.mark.parametrize(
    ("pattern", "least", "most"),
    [
        ("^([A-Za-z]+ ?){1,5}$", 10, None),
        ("^([A-Za-z]+ ?){1,5}$", 10, 40),
        ("^([a-z]+,){3}$", 20, 30),
        ("^(a{2,5}b?){2}$", 7, None),
        ("^((a|bb)c?){1,3}$", 7, 9),
        ("^(([a-z]+ ){2}|[0-9]{20})$", 10, None),
    ],
)
def test_part_with_few_repeats_grows_to_the_length(
    pattern: str, least: int, most: int | None
) -> None:
    schema = of(pattern, least, most)
    found, chance = Grammar.read(grammar_of(schema)), random.Random(1)
    for _ in range(100):
        Draft202012Validator(schema).validate(json.loads(found.derive(chance)))


def test_option_of_few_long_parts_is_kept() -> None:
    found = Grammar.read(grammar_of(of("^(([a-z]+ ){2}|[0-9]{20})$", 10, None)))
    assert found.accepts('"hello world "')
    assert found.accepts(json.dumps("7" * 20))


@pytest.mark.parametrize(
    ("pattern", "most", "text"),
    [
        ("^(a|bbbb){2}$", 5, "abbbb"),
        ("^(a|bbb)(c|ddd)$", 4, "addd"),
        ("^(a*)*$", 5, "aaaaa"),
        ("^[a-z0-9]+(-[a-z0-9]+)*$", 50, "kubernetes-dashboard"),
        ("^(\\w+ )*\\w+$", 20, "hello world"),
    ],
)
def test_every_string_of_the_right_length_can_be_written(
    pattern: str, most: int, text: str
) -> None:
    found = Grammar.read(grammar_of(of(pattern, 0, most)))
    assert found.accepts(json.dumps(text))
    assert not found.accepts(json.dumps(text * most))


def test_length_that_cannot_be_shared_is_not_reported_as_fitting_nothing() -> None:
    with pytest.raises(InvalidRequestError, match="does not go with this pattern"):
        grammar_of(of("^(a|b{900})(c|d{900})$", 901, 901))
