"""`anyOf` and `oneOf`."""

from __future__ import annotations

from typing import Any

from tests.unit.schema.checking import fits


def test_keywords_beside_any_of_apply_to_each_branch() -> None:
    schema = {"type": ["string", "integer"], "anyOf": [{"maxLength": 2}, {"type": "integer"}]}
    assert fits(schema, "ab")
    assert fits(schema, 5)
    assert not fits(schema, "abc")


def test_one_of_takes_branches_that_exclude_each_other() -> None:
    def tagged(kind: str) -> dict[str, object]:
        return {
            "type": "object",
            "properties": {"kind": {"const": kind}, "size": {"type": "integer"}},
            "required": ["kind"],
        }

    assert fits({"oneOf": [tagged("cat"), tagged("dog")]}, {"kind": "dog", "size": 3})
    assert fits({"oneOf": [{"type": "string"}, {"type": "integer"}]}, 3)
    closed = {"type": "object", "additionalProperties": False}
    apart = [
        {**closed, "properties": {"a": {}}, "required": ["a"]},
        {**closed, "properties": {"b": {}}, "required": ["b"]},
    ]
    assert fits({"oneOf": apart}, {"b": 1})


def test_nested_choices_in_one_of_are_compared_once() -> None:
    definitions: dict[str, Any] = {
        str(at): {"anyOf": [{"$ref": f"#/$defs/{at + 1}"}, {"$ref": f"#/$defs/{at + 1}"}]}
        for at in range(40)
    }
    branches = [{"$ref": "#/$defs/0"}, {"anyOf": [{"const": 1}, {"const": 2}]}]
    schema = {"oneOf": branches, "$defs": {**definitions, "40": {"const": 3}}}
    assert fits(schema, 2)
    assert fits(schema, 3)
