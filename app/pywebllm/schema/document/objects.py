"""The keywords of objects: properties, which of them are required, and what else there may be.

An object with `properties` is closed unless `additionalProperties` says otherwise; that is how
OpenAI's structured outputs and pydantic's models mean it, and any closed object fits an open
schema too. Without `properties` it is a map.

Examples:
    >>> from pywebllm.schema.document.reading import read_document
    >>> schema = {"properties": {"id": {"const": 1}}, "required": ["id"]}
    >>> read_document(schema).definitions["object"].properties
    (Property(name='id', schema=Enum(texts=('1',)), required=True),)
    >>> read_document({"type": "object"}).definitions["object"].extra.schema
    Anything()
"""

from __future__ import annotations

from typing import Any

from pywebllm.schema.typed.place import Place
from pywebllm.schema.typed.values import Extra, Nothing, Object, Property, String, TypedSchema

from .enums import enum_values, json_text
from .keywords import Schema
from .reader import Reader

__all__ = ["read_object"]


def read_object(keywords: Schema, place: Place, reader: Reader) -> Object | Nothing:
    """Read the keywords that limit objects.

    Raises:
        InvalidRequestError: `propertyNames` is not supported here, or a property is refused.
    """
    named = _named(keywords, place, reader)
    extra = _extra(keywords, named, place, reader)
    required = _required(keywords)
    properties = []
    for name, (schema, where) in named.items():
        json_text(name, place)
        found = Property(name, reader.read(schema, where), required=name in required)
        if found.required and found.schema == Nothing():
            return Nothing()
        properties.append(found)
    least: Any = keywords.get("minProperties", 0)
    most: Any = keywords.get("maxProperties")
    return Object(
        properties=tuple(properties),
        extra=extra,
        min_properties=least,
        max_properties=most,
        place=place,
    )


def _required(keywords: Schema) -> dict[str, None]:
    """List the required names, in their order."""
    names: Any = keywords.get("required", ())
    return dict.fromkeys(names)


def _named(keywords: Schema, place: Place, reader: Reader) -> dict[str, tuple[object, Place]]:
    """List the properties that are known by name, each with its schema."""
    properties: Any = keywords.get("properties", {})
    others = keywords.get("additionalProperties", True)
    found = {name: (inner, place.at("properties", name)) for name, inner in properties.items()}
    for name in (*_required(keywords), *_enumerated(keywords, place, reader)):
        found.setdefault(name, (others, place.at("additionalProperties")))
    return found


def _enumerated(keywords: Schema, place: Place, reader: Reader) -> list[str]:
    """List the names that `propertyNames` enumerates."""
    if "propertyNames" not in keywords:
        return []
    where = place.at("propertyNames")
    if keywords.get("properties") or keywords.get("required"):
        raise where.error(
            "'propertyNames' beside 'properties' or 'required' is not supported",
            advice="Leave it out: only the named properties are written.",
        )
    names = reader.flat(keywords["propertyNames"], where)
    if names is None or "enum" not in names:
        return []
    return [value for value in enum_values(names, where) if isinstance(value, str)]


def _extra(
    keywords: Schema, named: dict[str, tuple[object, Place]], place: Place, reader: Reader
) -> Extra | None:
    """Read what properties may have that are not known by name; None: there may be none."""
    others = keywords.get("additionalProperties", "properties" not in keywords and not named)
    if others is False or (named and "propertyNames" in keywords):
        return None
    schema = reader.read(others, place.at("additionalProperties"))
    names = String() if named else _names(keywords, place, reader)
    return None if Nothing() in (schema, names) else Extra(names, schema)


def _names(keywords: Schema, place: Place, reader: Reader) -> TypedSchema:
    where = place.at("propertyNames")
    names = reader.flat(keywords.get("propertyNames", True), where)
    if names is None:
        return Nothing()
    return reader.read({"allOf": [names, {"type": "string"}]}, where)
