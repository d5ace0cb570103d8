"""Rules that no text fits, and others that refer to them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pywebllm.errors import InvalidRequestError
from pywebllm.schema import grammar_of

from tests.unit.schema.interpreter import Grammar

# Nothing fits A, which is known only after B inside it was read and refers to A.
A: dict[str, Any] = {
    "type": "object",
    "properties": {"b": {"$ref": "#/$defs/B"}, "x": False},
    "required": ["b", "x"],
}
B: dict[str, Any] = {"type": "object", "properties": {"a": {"$ref": "#/$defs/A"}}}


def grammar(schema: dict[str, Any], **definitions: object) -> Grammar:
    return Grammar.read(grammar_of({"$defs": {"A": A, "B": B, **definitions}, **schema}))


def test_rule_that_nothing_fits_is_not_referred_to() -> None:
    found = grammar({"anyOf": [{"$ref": "#/$defs/A"}, {"$ref": "#/$defs/B"}]})
    assert found.accepts("{}")
    assert not found.accepts('{"a": {}}')


def test_rule_that_nothing_fits_is_not_confused_with_another() -> None:
    other = {"type": "object", "properties": {"c": {"type": "null"}}, "required": ["c"]}
    options = [{"$ref": "#/$defs/A"}, {"$ref": "#/$defs/B"}, other]
    found = grammar({"anyOf": options})
    assert found.accepts('{"c": null}')
    assert not found.accepts('{"a": {"c": null}}')


def test_rule_that_requires_an_empty_rule_is_empty() -> None:
    needs = {**B, "required": ["a"]}
    found = grammar({"anyOf": [{"$ref": "#/$defs/A"}, {"type": "null"}]}, B=needs)
    assert found.accepts("null")
    assert list(found.rules) == ["root"]
    with pytest.raises(InvalidRequestError, match="nothing fits this schema"):
        grammar({"anyOf": [{"$ref": "#/$defs/A"}, {"$ref": "#/$defs/B"}]}, B=needs)


def test_rule_that_only_an_empty_rule_uses_is_not_written() -> None:
    endless = {"properties": {"e": {"$ref": "#/$defs/E"}}, "required": ["e"]}
    option = {"properties": {"e": {"$ref": "#/$defs/E"}, "x": False}, "required": ["e", "x"]}
    found = grammar({"anyOf": [option, {"type": "string"}]}, E=endless)
    assert found.accepts(json.dumps("a"))
    assert "e" not in found.rules


def test_rule_that_accepts_only_the_empty_text_is_not_written() -> None:
    none, a = {"type": "null"}, {"$ref": "#/$defs/A"}
    optional = {"p": none, "q": none, "a": a, "r": a}
    text = grammar_of(
        {
            "$defs": {"A": A, "B": {"type": "object", "properties": optional}},
            "anyOf": [{"$ref": "#/$defs/A"}, {"$ref": "#/$defs/B"}],
        }
    )
    assert '::= ""' not in text
    found = Grammar.read(text)
    assert found.accepts('{"p": null, "q": null}')
    assert not found.accepts('{"p": null, "r": {}}')
