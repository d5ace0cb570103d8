"""The format of an answer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import BaseModel
from pywebllm import schema
from pywebllm.chat.response_format import AnswerFormat, read_response_format

from tests.unit.chat.refusing import refused

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"a": {"type": "integer"}},
    "required": ["a"],
    "additionalProperties": False,
}
UNKNOWN = {"type": "object", "properties": {"a": {"not": {"multipleOf": 0.5}}}}
TAG = {"type": "structural_tag", "format": {"type": "any_text"}}


def named(**more: object) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "a", **more}}


@pytest.mark.parametrize("value", [None, {"type": "text"}])
def test_text_format_means_free_text(value: object) -> None:
    assert read_response_format(value) is None


@pytest.mark.parametrize(
    "value",
    [
        {"type": "json_object", "schema": SCHEMA},
        {"type": "json_object", "schema": json.dumps(SCHEMA)},
        named(schema=SCHEMA),
        named(schema=SCHEMA, strict=True, description="An a."),
    ],
)
def test_schema_becomes_a_grammar(value: object) -> None:
    found = read_response_format(value)
    assert found == AnswerFormat(grammar=schema.grammar_of(SCHEMA))


@pytest.mark.parametrize("value", [{"type": "json_object"}, named(), named(strict=None)])
def test_format_without_a_schema_allows_any_json_object(value: object) -> None:
    assert read_response_format(value) == AnswerFormat(grammar=schema.json_object_grammar())


def test_null_in_a_schema_is_kept() -> None:
    nothing = {"type": "object", "properties": {"a": {"const": None}}, "required": ["a"]}
    found = read_response_format(named(schema=nothing))
    assert found == AnswerFormat(grammar=schema.grammar_of(nothing))


def test_grammar_is_passed_to_webllm_unchanged() -> None:
    found = read_response_format({"type": "grammar", "grammar": 'root ::= "a"'})
    assert found is not None
    assert found.request == {"type": "grammar", "grammar": 'root ::= "a"'}


@pytest.mark.parametrize("value", [TAG, json.dumps(TAG)])
def test_structural_tag_is_passed_to_webllm_as_a_json_string(value: object) -> None:
    found = read_response_format({"type": "structural_tag", "structural_tag": value})
    assert found is not None
    assert found.request == {"type": "structural_tag", "structural_tag": json.dumps(TAG)}


def structural(tag: object) -> dict[str, object]:
    return {"type": "structural_tag", "structural_tag": tag}


@pytest.mark.parametrize(
    ("value", "path", "words"),
    [
        ("json_object", "", "mapping"),
        ({}, ".type", "'json_schema'"),
        ({"type": "json"}, ".type", "'json'"),
        ({"type": "text", "schema": SCHEMA}, ".schema", "not a known key"),
        ({"type": "json_object", "shema": SCHEMA}, ".shema", "'schema'"),
        ({"type": "json_object", "schema": "{"}, ".schema", "not valid JSON"),
        ({"type": "json_object", "schema": "[]"}, ".schema", "mapping"),
        ({"type": "json_object", "schema": UNKNOWN}, ".schema", "not"),
        ({"type": "json_schema"}, ".json_schema", "mapping"),
        (
            {"type": "json_schema", "json_schema": {"schema": SCHEMA}},
            ".json_schema.name",
            "must be a string",
        ),
        (named(schema=3), ".json_schema.schema", "mapping"),
        (named(schema=SCHEMA, strict=1), ".json_schema.strict", "a boolean"),
        (named(schema=SCHEMA, description=1), ".json_schema.description", "must be a string"),
        (named(scheme=SCHEMA), ".json_schema.scheme", "'schema'"),
        (named(schema=UNKNOWN), ".json_schema.schema", "not"),
        ({"type": "grammar"}, ".grammar", "must be a string"),
        ({"type": "grammar", "grammar": " \n"}, ".grammar", "with the rule root"),
        (structural(None), ".structural_tag", "mapping"),
        (structural("{"), ".structural_tag", "not valid JSON"),
        (structural("[]"), ".structural_tag", "mapping"),
        (structural({"structures": [], "triggers": []}), ".structural_tag.structures", "'format'"),
    ],
)
def test_wrong_response_format_is_named_by_its_path(value: object, path: str, words: str) -> None:
    with refused(f"response_format{path}", words):
        read_response_format(value)


def test_class_as_response_format_is_refused_with_the_method_that_accepts_it() -> None:
    class Point(BaseModel):
        x: int

    @dataclass
    class Other:
        x: int

    for class_ in (Point, Other):
        with refused("response_format", class_.__name__, "chat.completions.parse"):
            read_response_format(class_)
