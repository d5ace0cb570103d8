"""The keywords of objects: properties, which of them are required, and what else there may be.

An object with `properties` or `patternProperties` is closed unless `additionalProperties` says
otherwise; that is how OpenAI's structured outputs and pydantic's models mean it, and any closed
object fits an open schema too. Without these it is a map.

Examples:
    >>> from pywebllm.schema.document.reading import read_document
    >>> schema = {"properties": {"id": {"const": 1}}, "required": ["id"]}
    >>> read_document(schema).definitions["object"].properties
    (Property(name='id', schema=Enum(texts=('1',)), required=True),)
    >>> read_document({"type": "object"}).definitions["object"].extras[0].schema
    Anything()
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

from pywebllm.schema.typed.place import Place
from pywebllm.schema.typed.values import Extra, Nothing, Object, Property

from .checks import Several
from .enums import enum_values, json_text
from .evaluation import fits
from .exclusions import Exclusions
from .keywords import Schema
from .matching import matches
from .merging import closes
from .reader import Reader

__all__ = ["read_object"]

_MOST_PATTERNS = 6  # each may match a name or not

_Named = dict[str, tuple[object, Place]]


def read_object(keywords: Schema, place: Place, reader: Reader) -> Object | Nothing:
    """Read the keywords that limit objects.

    Raises:
        InvalidRequestError: It is not certain which names fit, or a property is refused.
    """
    required = _required(keywords)
    properties = []
    for name, (schema, where) in _named(keywords, place, reader).items():
        json_text(name, place)
        found = Property(name, reader.read(schema, where), required=name in required)
        if found.required and found.schema == Nothing():
            return Nothing()
        properties.append(found)
    least: Any = keywords.get("minProperties", 0)
    most: Any = keywords.get("maxProperties")
    if most is not None and most < max(least, len(required)):
        return Nothing()
    lasts = tuple(_lasts(keywords, place, reader))
    excluded: Any = keywords.get("not", {})
    if excluded.get("last") and not lasts:
        return Nothing()
    return Object(
        properties=tuple(properties),
        extras=tuple(_extras(keywords, place, reader)),
        lasts=lasts,
        min_properties=least,
        max_properties=most,
        place=place,
    )


def _required(keywords: Schema) -> dict[str, None]:
    """List the required names, in their order."""
    names: Any = keywords.get("required", ())
    return dict.fromkeys(names)


def _named(keywords: Schema, place: Place, reader: Reader) -> _Named:
    """List the properties that are known by name, each with all that it must fit."""
    properties: Any = keywords.get("properties", {})
    excluded: Any = keywords.get("not", {})
    others = keywords.get("additionalProperties", True), place.at("additionalProperties")
    found = {name: (inner, place.at("properties", name)) for name, inner in properties.items()}
    patterns: Any = keywords.get("patternProperties", {})
    for name in (*_required(keywords), *_enumerated(keywords, place, reader)):
        is_other = not any(matches(pattern, name) for pattern in patterns)
        found.setdefault(name, others if is_other else (True, place))
    found |= dict.fromkeys(excluded.get("required", ()), (False, place))
    for name, (schema, where) in found.items():
        if not _is_allowed(name, keywords, place, reader):
            found[name] = (False, where)
            continue
        also = [inner for pattern, inner in patterns.items() if matches(pattern, name) is not False]
        if also:
            found[name] = ({"allOf": [schema, *also]}, where)
    return found


def _is_allowed(name: str, keywords: Schema, place: Place, reader: Reader) -> bool:
    """Return whether a name fits `propertyNames`."""
    if "propertyNames" not in keywords:
        return True
    where = place.at("propertyNames")
    truth = fits(name, reader.flat(keywords["propertyNames"], where), where, reader.flat)
    if truth is None:
        raise where.error(
            f"whether {name!r:.80} fits 'propertyNames' is not certain",
            advice="Leave it out: only the named properties are written.",
        )
    return truth


def _enumerated(keywords: Schema, place: Place, reader: Reader) -> list[str]:
    """List the names that `propertyNames` enumerates."""
    where = place.at("propertyNames")
    names = reader.flat(keywords.get("propertyNames", True), where)
    if names is None or "enum" not in names or closes(keywords):
        return []
    values = enum_values(names, where, reader.flat)
    return [value for value in values if isinstance(value, str)]


def _extras(keywords: Schema, place: Place, reader: Reader) -> Iterator[Extra]:
    """Read what properties may have that are not known by name."""
    for names, schema, where in _regions(keywords, place):
        value = reader.read(schema, where)
        read_names = reader.read(names, place.at("propertyNames"))
        if Nothing() not in (value, read_names):
            yield Extra(read_names, value)


def _lasts(keywords: Schema, place: Place, reader: Reader) -> Iterator[Extra]:
    """Read what the property may have that must be there besides those known by name."""
    excluded: Any = keywords.get("not", {})
    for also, wanted in excluded.get("last", ())[:1]:
        if excluded["last"][1:]:
            raise place.error(
                "two properties besides those that are named cannot be required",
                advice="Require properties by name.",
            )
        for names, schema, where in _regions(keywords, place):
            value = reader.read({"allOf": [schema, wanted]}, where)
            read_names = reader.read({"allOf": [names, also]}, place.at("propertyNames"))
            if Nothing() not in (value, read_names):
                yield Extra(read_names, value)


def _regions(keywords: Schema, place: Place) -> Iterator[tuple[object, object, Place]]:
    """Divide the names that are not known by the patterns that they match.

    Yields:
        The schemas of such names and of their values, and where the latter is.
    """
    patterns: Any = keywords.get("patternProperties", {})
    if len(patterns) > _MOST_PATTERNS:
        raise place.error(
            f"more than {_MOST_PATTERNS} 'patternProperties' are not supported",
            advice="Join patterns with the same schema by |.",
        )
    is_closed = closes(keywords) or any(inner is not False for inner in patterns.values())
    others = keywords.get("additionalProperties", not is_closed)
    for chosen in product((True, False), repeat=len(patterns)):
        matched = [name for name, is_in in zip(patterns, chosen, strict=True) if is_in]
        rest = [name for name in patterns if name not in matched]
        schema = {"allOf": [patterns[name] for name in matched]} if matched else others
        if schema is not False and not any(patterns[name] is False for name in matched):
            step = ("patternProperties", matched[0]) if matched else ("additionalProperties",)
            yield _names(keywords, matched, rest), schema, place.at(*step)


def _names(keywords: Schema, matched: list[str], rest: list[str]) -> object:
    """Write the schema of names that match some patterns and not others."""
    found: dict[str, object] = {"type": "string"}
    if matched:
        found["pattern"] = Several(matched)
    if rest:
        found["not"] = Exclusions(pattern=rest)
    names = keywords.get("propertyNames", True)
    return found if names is True else {"allOf": [names, found]}
