"""From a schema to its grammar as a whole, and the schemas that are refused."""

from __future__ import annotations

from typing import Any

import pytest
from pywebllm.errors import InvalidRequestError
from pywebllm.schema import grammar_of

from tests.unit.schema.checking import fits, grammar, refusal

TREE = {
    "$defs": {
        "Tree": {
            "type": "object",
            "properties": {
                "name": {"type": "string"},
                "children": {"type": "array", "items": {"$ref": "#/$defs/Tree"}},
            },
            "required": ["name"],
        }
    },
    "$ref": "#/$defs/Tree",
}


def test_white_space_is_only_that_of_json_dumps() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "array", "items": {}}, "b": {}}}
    found = grammar(schema)
    assert found.accepts('{"a": [1, {"x": 2}], "b": null}')
    for text in ('{"a":[]}', '{ "a": []}', '{"a": [1,2]}', '{"a": []}\n', '{"a": [],  "b": 1}'):
        assert not found.accepts(text), text


def test_recursive_schema_becomes_a_recursive_grammar() -> None:
    assert fits(TREE, {"name": "a", "children": [{"name": "b", "children": []}, {"name": "c"}]})
    assert not fits(TREE, {"name": "a", "children": [{"children": []}]})


REFUSED: list[tuple[Any, str, str]] = [
    ({"type": "array", "uniqueItems": True}, "$", "'uniqueItems'"),
    ({"properties": {"a": {"not": {"multipleOf": 0.5}}}}, "$.properties.a.not", "'multipleOf'"),
    ({"properties": {"a b": {"not": {"const": [1]}}}}, "$.properties['a b'].not", "list or"),
    ({"uniqueItems": True, "items": {"type": "string"}}, "$", "'uniqueItems'"),
    ({"type": "number", "multipleOf": 0.3}, "$", "not a power of ten"),
    ({"type": "string", "format": "regex"}, "$", "'format': 'regex'"),
    ({"enum": ["é"], "pattern": "^\\w$"}, "$", "is not certain"),
    ({"$ref": "#name"}, "$", "names an anchor"),
    ({"oneOf": [{"$ref": "#"}, {"type": "null"}]}, "$.oneOf[0].oneOf[0].oneOf[0]", "leads back"),
    ({"type": "string", "maxlength": 3}, "$", "'maxLength'"),
    ({"type": "string", "min_length": 3}, "$", "'minLength'"),
    ({"type": "text"}, "$", "'type' must be"),
    ({"type": "string", "maxLength": -1}, "$", "'maxLength' must be"),
    ({"type": "integer", "minimum": True}, "$", "'minimum' must be"),
    ({"type": "integer", "minimum": float("nan")}, "$", "'minimum' must be"),
    ({"type": "integer", "minimum": 3, "maximum": 2}, "$", "no number fits"),
    ({"type": "number", "exclusiveMinimum": 2, "maximum": 2}, "$", "no number fits"),
    ({"type": "integer", "multipleOf": 99991}, "$", "too many remainders"),
    ({"type": "number", "minimum": 0.12345678901234567}, "$", "more than 15 digits"),
    ({"type": "number", "exclusiveMinimum": 10**16}, "$", "more than 15 digits"),
    ({"type": "number", "exclusiveMaximum": -(10**15)}, "$", "more than 15 digits"),
    ({"type": "string", "minLength": 3, "maxLength": 2}, "$", "at most 'maxLength', 2, got 3"),
    ({"type": "string", "format": "date", "maxLength": 5}, "$", "no string fits"),
    ({"type": "array", "minItems": 3, "maxItems": 2}, "$", "at most 'maxItems', 2, got 3"),
    ({"type": "object", "minProperties": 2}, "$", "'minProperties'"),
    ({"enum": ["\ud800"]}, "$", "is not a JSON value"),
    ({"const": float("nan")}, "$", "is not a JSON value"),
    ({"enum": ["a"], "type": "integer"}, "$", "nothing fits"),
    ({"allOf": [{"type": "string"}, {"type": "integer"}]}, "$", "nothing fits"),
    ({"allOf": [{"prefixItems": [{}]}, {"items": {}}]}, "$.allOf[1]", "'prefixItems'"),
    ({"properties": {"a": False}, "required": ["a"]}, "$", "nothing fits"),
    ({"required": ["a"], "additionalProperties": False}, "$", "nothing fits"),
    ({"$ref": "#/$defs/None"}, "$", "there is no schema"),
    ({"$ref": "other.json"}, "$", "another document"),
    ({"$ref": "#"}, "$", "leads back to itself"),
    ({"anyOf": [{"$ref": "#"}, {"type": "null"}]}, "$.anyOf[0]", "leads back to itself"),
    ({"properties": {"a": {"$ref": "#"}}, "required": ["a"]}, "$", "no text of it ever ends"),
    ({"oneOf": [{"uniqueItems": True}, {"type": "array"}]}, "$", "may both fit"),
    ({"properties": {"a": 3}}, "$", "'properties' must be"),
    ([], "$", "a schema must be an object, true or false, got []"),
    ({1: 2}, "$", "a keyword must be a string, got 1"),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "path", "problem"), REFUSED)
def test_unsupported_schema_is_refused_with_its_place(schema: Any, path: str, problem: str) -> None:
    error = refusal(schema)
    assert error.problem.startswith(f"{path}: ")
    assert problem in str(error)


def test_error_names_the_parameter_of_the_schema() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        grammar_of({"not": {"multipleOf": 0.5}}, param="tools")
    assert caught.value.param == "tools"
