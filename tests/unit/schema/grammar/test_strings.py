"""Grammars of strings."""

from __future__ import annotations

import json
import random
import re

import pytest
from jsonschema import Draft202012Validator
from pywebllm.schema import grammar_of

from tests.unit.schema.checking import fits, grammar, refusal


def test_length_of_a_string_counts_characters_and_not_their_escapes() -> None:
    found = grammar({"type": "string", "minLength": 2, "maxLength": 2})
    assert found.accepts('"é😀"')
    assert found.accepts('"\\n\\u0000"')
    assert not found.accepts('"a"')
    assert not found.accepts('"abc"')


@pytest.mark.parametrize("text", ['"\\u00e9"', '"\\/"', '"\n"', '"\\ud800"', '"\\u000a"', '"""'])
def test_character_of_a_string_has_one_spelling(text: str) -> None:
    assert not grammar({"type": "string"}).accepts(text)


@pytest.mark.parametrize(
    ("pattern", "least", "most"),
    [
        ("^[a-z]+$", 3, 9),
        ("^[a-z]+@[a-z]+$", 5, 12),
        ("^[a-z0-9]+(-[a-z0-9]+)*$", 0, 20),
        ("^(ab|c)*$", 2, 7),
        ("x", 2, 5),
        ("^a?(bc)?$", 1, 3),
    ],
)
def test_pattern_keeps_the_length_beside_it(pattern: str, least: int, most: int) -> None:
    schema = {"type": "string", "pattern": pattern, "minLength": least, "maxLength": most}
    found, chance = grammar(schema), random.Random(1)
    for _ in range(200):
        Draft202012Validator(schema).validate(json.loads(found.derive(chance)))


@pytest.mark.parametrize("name", ["date", "date-time", "time", "email", "uri", "ipv6", "duration"])
def test_format_and_length_go_together(name: str) -> None:
    schema = {"type": "string", "format": name, "minLength": 1, "maxLength": 2083}
    assert grammar(schema).derive(random.Random(2))


def test_uri_with_a_large_maximum_length_is_made_of_few_short_parts() -> None:
    schema = {"type": "string", "format": "uri", "minLength": 1, "maxLength": 2083}
    assert fits(schema, "https://www.my-site.example.org/a/b~c.html")
    # The engine would look at all tokens for each character that a part may have.
    counts = [int(most) for most in re.findall(r"\{\d+,(\d+)\}", grammar_of(schema))]
    assert max(counts) < 32
    assert sum(counts) < 150


def test_uri_that_must_be_long_is_refused() -> None:
    error = refusal({"type": "string", "format": "uri", "minLength": 500, "maxLength": 600})
    assert "does not go with this pattern or format" in error.problem
