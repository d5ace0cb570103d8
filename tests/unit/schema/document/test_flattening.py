"""References, `allOf` and `nullable` at the top of a schema."""

from __future__ import annotations

from typing import Any

import pytest
from pywebllm.schema import grammar_of

from tests.unit.schema.checking import fits, refusal


def test_nullable_schema_takes_null() -> None:
    schema = {"type": "string", "nullable": True}
    assert fits(schema, None)
    assert fits(schema, "a")


def test_keywords_beside_a_reference_and_all_of_are_joined() -> None:
    schema = {
        "$defs": {"Name": {"type": "string", "minLength": 2, "description": "A name."}},
        "allOf": [
            {"type": "object", "properties": {"a": {"$ref": "#/$defs/Name", "maxLength": 3}}},
            {"properties": {"b": {"const": 1}}, "required": ["b", "a"]},
        ],
    }
    assert fits(schema, {"a": "xyz", "b": 1})
    assert not fits(schema, {"a": "x", "b": 1})
    assert not fits(schema, {"a": "wxyz", "b": 1})
    assert not fits(schema, {"a": "xyz"})


@pytest.mark.parametrize("keyword", ["anyOf", "allOf"])
def test_schema_reached_by_many_references_is_written_once(keyword: str) -> None:
    # Without that, this takes hours.
    definitions: dict[str, Any] = {
        str(at): {keyword: [{"$ref": f"#/$defs/{at + 1}"}, {"$ref": f"#/$defs/{at + 1}"}]}
        for at in range(40)
    }
    schema = {"$ref": "#/$defs/0", "$defs": {**definitions, "40": {"type": "null"}}}
    assert grammar_of(schema) == 'root ::= "null"\n'


def test_schema_nested_too_deeply_is_refused() -> None:
    schema: dict[str, object] = {"type": "null"}
    for _ in range(100):
        schema = {"type": "array", "items": schema}
    assert "too deeply" in str(refusal(schema))
