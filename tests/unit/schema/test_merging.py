"""Schemas that hold at once: `allOf`, and keywords beside `$ref`, `anyOf` and `oneOf`."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pywebllm.schema import grammar_of

from tests.unit.schema.ebnf import Grammar


def fits(schema: Any, value: object) -> bool:
    found = Grammar.read(grammar_of(schema))
    return found.accepts(json.dumps(value, ensure_ascii=False))


def test_types_that_hold_at_once_add_no_integer() -> None:
    schema = {"type": "string", "anyOf": [{"type": ["integer", "number", "string"]}]}
    assert fits(schema, "a")
    assert not fits(schema, 5)


@pytest.mark.parametrize("types", [("integer", "number"), ("number", ["string", "integer"])])
def test_an_integer_is_left_of_integers_and_numbers_that_hold_at_once(types: Any) -> None:
    schema = {"allOf": [{"type": type_} for type_ in types]}
    assert fits(schema, 5)
    assert not fits(schema, 5.5)
