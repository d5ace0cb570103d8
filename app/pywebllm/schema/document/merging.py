"""Two schemas into one that both must fit: what `allOf`, and keywords beside `$ref`, mean."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from itertools import product
from types import MappingProxyType
from typing import Any

from .keywords import TYPES, Schema
from .place import Place

__all__ = ["allowed_types", "as_json", "contradicts_itself", "merged", "plain"]

_MOST_BRANCHES = 64


def merged(left: Schema, right: Schema, place: Place) -> Schema:
    """Join two flat schemas (without `$ref` and `allOf`).

    Raises:
        InvalidRequestError: They hold keywords that cannot be joined.
    """
    if not left or not right:
        return left or right
    if _items_differ(left, right):
        raise place.error(
            "'prefixItems' and other items that hold at once cannot be joined",
            advice="Write one schema that says both.",
        )
    joined = dict(left)
    for name, value in right.items():
        if name not in joined or as_json(joined[name]) == as_json(value):
            joined[name] = value
        elif name in _JOINS:
            joined[name] = _JOINS[name](joined[name], value)
        else:
            raise place.error(
                f"two values of {name!r} that hold at once cannot be joined",
                advice="Write one schema that says both.",
            )
    if "properties" in left or "properties" in right:
        joined["properties"] = _properties(left, right)
    if len(_as_list(joined.get("anyOf"))) > _MOST_BRANCHES:
        raise place.error("'anyOf' grows too large", advice="Write fewer branches.")
    return joined


def contradicts_itself(schema: Schema) -> bool:
    """Tell whether no type or no listed value is left of a flat schema."""
    return schema.get("type") == [] or schema.get("enum") == []


def allowed_types(schema: Schema) -> tuple[str, ...] | None:
    """Take the types that a flat schema leaves, in the order given; None is all."""
    given = schema.get("type")
    if given is None:
        return None
    return (given,) if isinstance(given, str) else tuple(_as_list(given))


def as_json(value: object) -> str:
    """Write a value so that equal ones are equal texts, and 1 is not true."""
    return json.dumps(value, sort_keys=True, default=plain)


def plain(value: object) -> object:
    """Help `json.dumps` with mappings that are no dicts."""
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is not JSON")


def _as_list(value: Any) -> list[Any]:
    return [] if value is None else list(value)


def _types(left: Any, right: Any) -> Any:
    first, second = ([value] if isinstance(value, str) else list(value) for value in (left, right))
    both = [name for name in first if name in second]
    if "integer" not in both and (_narrowed(first, second) or _narrowed(second, first)):
        both.append("integer")
    # No type at all is kept as an empty list, see `contradicts_itself`.
    return sorted(both, key=TYPES.index)


def _narrowed(narrow: list[str], wide: list[str]) -> bool:
    # An integer is a number as well.
    return "integer" in narrow and "number" in wide


def _enum(left: Any, right: Any) -> Any:
    texts = {as_json(value) for value in right}
    return [value for value in left if as_json(value) in texts]


def _steps(left: Any, right: Any) -> Any:
    # Steps that are no whole numbers are refused where the number is written.
    for step in (left, right):
        if step != int(step):
            return step
    return math.lcm(int(left), int(right))


def _items_differ(left: Schema, right: Schema) -> bool:
    if "prefixItems" not in left and "prefixItems" not in right:
        return False
    ours, theirs = (
        {name: as_json(schema[name]) for name in ("prefixItems", "items") if name in schema}
        for schema in (left, right)
    )
    return bool(ours) and bool(theirs) and ours != theirs


def _all_of(left: Any, right: Any) -> Any:
    # Equal ones once: schemas that refer to each other would else grow with every level.
    first, *others = _conjuncts(left, right).values()
    return {"allOf": [first, *others]} if others else first


def _conjuncts(*schemas: Any) -> dict[str, Any]:
    """List what must hold for all of some schemas to hold, by its text."""
    found: dict[str, Any] = {}
    for schema in schemas:
        parts = schema["allOf"] if _is_all_of(schema) else None
        found.update({as_json(schema): schema} if parts is None else _conjuncts(*parts))
    return found


def _is_all_of(schema: Any) -> bool:
    if not isinstance(schema, Mapping) or schema.keys() != {"allOf"}:
        return False
    # Others are refused when they are flattened.
    return isinstance(schema["allOf"], list | tuple) and bool(schema["allOf"])


def _any_of(left: Any, right: Any) -> Any:
    pairs = {frozenset(_conjuncts(*pair)): _all_of(*pair) for pair in product(left, right)}
    return [*pairs.values()]


_JOINS: Mapping[str, Callable[[Any, Any], Any]] = MappingProxyType(
    {
        "additionalProperties": _all_of,
        "anyOf": _any_of,
        "enum": _enum,
        "exclusiveMaximum": min,
        "exclusiveMinimum": max,
        "items": _all_of,
        "maxItems": min,
        "maxLength": min,
        "maxProperties": min,
        "maximum": min,
        "minItems": max,
        "minLength": max,
        "minProperties": max,
        "minimum": max,
        "multipleOf": _steps,
        "properties": lambda one, _: one,  # `_properties` does it
        "propertyNames": _all_of,
        "required": lambda one, other: [*one, *(name for name in other if name not in one)],
        "type": _types,
        "uniqueItems": lambda one, other: one or other,
    }
)


def _properties(left: Schema, right: Schema) -> dict[str, object]:
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
    return left if right is True else _all_of(left, right)
