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

__all__ = ["allowed_types", "contradicts_itself", "merged"]

_MOST_BRANCHES = 64
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
    joined = dict(left)
    for name, value in right.items():
        joined[name] = _joined(name, joined[name], value, place) if name in joined else value
    if "properties" in left or "properties" in right:
        joined["properties"] = _properties(left, right)
    if len(_as_list(joined.get("anyOf"))) > _MOST_BRANCHES:
        raise place.error("'anyOf' grows too large", advice="Write fewer branches.")
    return joined


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


def _properties(left: Schema, right: Schema) -> dict[str, object]:
    """Join properties; one that a schema does not name fits its `additionalProperties`."""
    ours, theirs = _named(left), _named(right)
    return {
        name: _both(
            ours.get(name, left.get("additionalProperties", True)),
            theirs.get(name, right.get("additionalProperties", True)),
        )
        for name in (*ours, *(name for name in theirs if name not in ours))
    }


def _named(schema: Schema) -> Mapping[str, object]:
    found = schema.get("properties", {})
    assert isinstance(found, Mapping)
    return found


def _both(left: object, right: object) -> object:
    if left is True or as_json(left) == as_json(right):
        return right
    return left if right is True else all_of(left, right)
