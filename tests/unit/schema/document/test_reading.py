"""The typed schema that a document is read into."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pywebllm.schema.document.reading import read_document
from pywebllm.schema.typed.values import (
    BOOLEAN,
    NULL,
    AnyOf,
    Anything,
    Array,
    Enum,
    Extra,
    Nothing,
    Number,
    Object,
    Property,
    Ref,
    String,
    TypedSchema,
)


def root(schema: object) -> TypedSchema:
    return read_document(schema).root


def defined(schema: object) -> TypedSchema:
    """Read a schema that is one definition."""
    document = read_document(schema)
    assert isinstance(document.root, Ref)
    return document.definitions[document.root.name]


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (True, Anything()),
        ({"title": "T"}, Anything()),
        (False, Nothing()),
        ({"type": "null"}, NULL),
        ({"type": "boolean"}, BOOLEAN),
        ({"const": 1}, Enum(("1",))),
        ({"enum": ["a", None], "type": "string"}, Enum(('"a"',))),
        ({"enum": ["a"], "type": "null"}, Nothing()),
        ({"type": "string", "maxLength": 3}, String(max_length=3)),
        ({"format": "date", "type": "string"}, String(formats=("date",))),
        ({"type": ["string", "null"]}, AnyOf((String(), NULL))),
        ({"type": "string", "nullable": True}, AnyOf((String(), NULL))),
        ({"allOf": [{"pattern": "a"}, {"pattern": "b"}]}, String(patterns=("a", "b"))),
        (
            {"type": "string", "format": "date", "allOf": [{"format": "x"}]},
            String(formats=("date",)),
        ),
        ({"type": "string", "not": {"enum": ["a"]}}, String(excluded=("a",))),
        ({"allOf": [{"minLength": 1}, {"pattern": "a"}]}, String(min_length=1, patterns=("a",))),
    ],
)
def test_schema_is_read_as_its_value(schema: object, value: TypedSchema) -> None:
    assert root(schema) == value


@pytest.mark.parametrize(
    ("keywords", "number"),
    [
        ({"type": "number", "minimum": 0.5}, Number(low=Decimal("0.5"))),
        (
            {"type": "number", "minimum": 1, "exclusiveMinimum": 1},
            Number(low=Decimal(1), excludes_low=True),
        ),
        ({"type": "integer"}, Number(step=Decimal(1))),
        (
            {"type": "integer", "exclusiveMinimum": 0, "maximum": 2.5},
            Number(low=Decimal(1), high=Decimal(2), step=Decimal(1)),
        ),
        ({"type": "number", "multipleOf": 5.0}, Number(step=Decimal(5))),
        (
            {"type": "integer", "format": "int32", "minimum": 0},
            Number(low=Decimal(0), high=Decimal(2**31 - 1), step=Decimal(1)),
        ),
        (
            {"type": "integer", "exclusiveMinimum": 10**40},
            Number(low=Decimal(10**40 + 1), step=Decimal(1)),
        ),
    ],
)
def test_bounds_of_numbers_are_read_with_their_step(
    keywords: dict[str, Any], number: Number
) -> None:
    assert root(keywords) == number


def test_object_with_properties_is_closed() -> None:
    schema = {"properties": {"a": {"const": 1}}, "required": ["a", "b"]}
    assert defined(schema) == Object(
        properties=(
            Property("a", Enum(("1",)), required=True),
            Property("b", Anything(), required=True),
        )
    )


def test_map_has_extra_properties_only() -> None:
    schema = {"propertyNames": {"maxLength": 3}, "additionalProperties": {"type": "null"}}
    assert defined(schema) == Object(extras=(Extra(String(max_length=3), NULL),))


def test_property_that_may_not_be_there_keeps_its_name() -> None:
    schema = {"properties": {"a": False}, "additionalProperties": {"type": "null"}}
    assert defined(schema) == Object(
        properties=(Property("a", Nothing(), required=False),), extras=(Extra(String(), NULL),)
    )


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"a": False}, "required": ["a"]},
        {"items": False, "minItems": 1},
        {"prefixItems": [True, False], "minItems": 2},
        {"prefixItems": [True], "minItems": 2},
    ],
)
def test_schema_that_requires_what_nothing_fits_is_nothing(schema: object) -> None:
    assert root(schema) == Nothing()


def test_array_is_read_with_its_items() -> None:
    schema = {"prefixItems": [{"const": 1}], "items": {"type": "null"}, "maxItems": 2}
    assert defined(schema) == Array(prefix=(Enum(("1",)),), items=NULL, max_items=2)
    assert defined({"prefixItems": [{"const": 1}]}) == Array(
        prefix=(Enum(("1",)),), items=Nothing()
    )


def test_recursive_schema_refers_to_its_own_definition() -> None:
    document = read_document({"type": "array", "items": {"$ref": "#"}})
    assert document.root == Ref("array")
    assert document.definitions == {"array": Array(items=Ref("array"))}


def test_definition_is_named_after_the_nearest_property() -> None:
    person = {"type": "object", "properties": {"friends": {"items": {"$ref": "#"}}}}
    assert list(read_document(person).definitions) == ["object", "friends"]


def test_schemas_with_equal_keywords_share_a_definition() -> None:
    pair = {"type": "array", "items": {"type": "null"}, "title": "Pair"}
    other = {"title": "Other", "type": "array", "items": {"type": "null"}}
    document = read_document({"properties": {"a": pair, "b": other}})
    assert list(document.definitions) == ["object", "a"]


def test_definition_that_turns_out_to_be_nothing_is_kept_for_those_inside_it() -> None:
    a = {"properties": {"b": {"$ref": "#/$defs/B"}, "x": False}, "required": ["b", "x"]}
    b = {"properties": {"a": {"$ref": "#/$defs/A"}}}
    document = read_document({"$defs": {"A": a, "B": b}, "anyOf": [a, b]})
    assert document.definitions["object"] == Nothing()
    assert document.root == Ref("b")
    assert document.definitions["b"] == Object(
        properties=(Property("a", Ref("object"), required=False),)
    )
