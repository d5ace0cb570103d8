"""Two schemas into one that says the same as both: `allOf`, and keywords beside `$ref`.

Examples:
    >>> merged({"type": "number", "minimum": 1}, {"type": "integer", "minimum": 3}, Place())
    {'type': ['integer'], 'minimum': 3}
    >>> contradicts_itself(merged({"type": "string"}, {"type": "null"}, Place()))
    True
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pywebllm.echo import shown
from pywebllm.schema.typed.place import Place

from .canonical import as_json
from .joins import all_of
from .keywords import KEYWORDS, Schema
from .matching import matches

__all__ = ["Negated", "OpenProperties", "allowed_types", "closes", "contradicts_itself", "merged"]

_ADVICE = "Write one schema that says both."


def merged(left: Schema, right: Schema, place: Place) -> Schema:
    """Join two flat schemas (without `$ref` and `allOf`).

    Raises:
        InvalidRequestError: They hold keywords that cannot be joined.
    """
    if not left or not right:
        return left or right
    if _items_differ(left, right):
        raise place.error(
            "'prefixItems' cannot be joined with other items that also apply", advice=_ADVICE
        )
    if _limits_patterns(left, right) or _limits_patterns(right, left):
        left, right = _closed_by_name(left), _closed_by_name(right)
    if _limits_patterns(left, right) or _limits_patterns(right, left):
        raise place.error(
            "'patternProperties' cannot be joined with 'additionalProperties' of another schema",
            advice=_ADVICE,
        )
    joined = dict(left)
    for name, value in right.items():
        joined[name] = _joined(name, joined[name], value, place) if name in joined else value
    if "properties" in left or "properties" in right:
        joined["properties"] = _properties(left, right)
    return joined


class OpenProperties(dict[str, object]):
    """`properties` that do not close their object: those of conditions."""


class Negated(dict[str, object]):
    """The schema of a property that only a negation knows, which does not count as evaluated."""


def closes(schema: Schema) -> bool:
    """Return whether a flat schema names properties in a way that closes its object."""
    return "properties" in schema and not isinstance(schema["properties"], OpenProperties)


def contradicts_itself(schema: Schema) -> bool:
    """Return whether no type or no listed value is left of a flat schema."""
    return schema.get("type") == [] or schema.get("enum") == []


def allowed_types(schema: Schema) -> tuple[str, ...] | None:
    """Take the types that a flat schema names, in its order; None: it names none."""
    given = schema.get("type")
    if given is None:
        return None
    return (given,) if isinstance(given, str) else tuple(_as_list(given))


def _joined(name: str, left: object, right: object, place: Place) -> object:
    if as_json(left) == as_json(right):
        return right
    join = KEYWORDS[name].join
    if join is None:
        raise place.error(
            f"two values of {shown(name)} that both apply cannot be joined", advice=_ADVICE
        )
    return join(left, right)


def _as_list(value: Any) -> list[Any]:
    return [] if value is None else list(value)


def _items_differ(left: Schema, right: Schema) -> bool:
    if "prefixItems" not in left and "prefixItems" not in right:
        return False
    ours, theirs = (
        {name: as_json(schema[name]) for name in ("prefixItems", "items") if name in schema}
        for schema in (left, right)
    )
    return bool(ours) and bool(theirs) and ours != theirs


def _limits_patterns(left: Schema, right: Schema) -> bool:
    """Return whether one schema limits what another knows by pattern."""
    patterns = right.get("patternProperties")
    others = left.get("additionalProperties", True)
    return bool(patterns) and others is not True and patterns != left.get("patternProperties")


def _closed_by_name(schema: Schema) -> Schema:
    """Say by `propertyNames` that an object has no properties but those that it knows."""
    if schema.get("additionalProperties") is not False:
        return schema
    patterns: Any = schema.get("patternProperties", {})
    known = {"anyOf": [{"enum": [*_named(schema)]}, *({"pattern": one} for one in patterns)]}
    names = all_of(schema["propertyNames"], known) if "propertyNames" in schema else known
    return {**schema, "additionalProperties": True, "propertyNames": names}


def _properties(left: Schema, right: Schema) -> dict[str, object]:
    """Join properties; one that a schema does not name fits its `additionalProperties`."""
    ours, theirs = _named(left), _named(right)
    found = {
        name: _both(_property(left, ours, name), _property(right, theirs, name))
        for name in (*ours, *(name for name in theirs if name not in ours))
    }
    closing = any(closes(schema) for schema in (left, right))
    return found if closing else OpenProperties(found)


def _property(schema: Schema, named: Mapping[str, object], name: str) -> object:
    if name in named:
        return named[name]
    patterns: Any = schema.get("patternProperties", {})
    # What the pattern requires is joined when the object is read.
    if any(matches(pattern, name) for pattern in patterns):
        return True
    return schema.get("additionalProperties", True)


def _named(schema: Schema) -> Mapping[str, object]:
    found = schema.get("properties", {})
    assert isinstance(found, Mapping)
    return found


def _both(left: object, right: object) -> object:
    if left is True or as_json(left) == as_json(right):
        return right
    return left if right is True else all_of(left, right)
