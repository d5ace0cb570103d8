"""Whether a value fits a schema, where that is certain.

Examples:
    >>> def flatten(schema, place):
    ...     return schema
    >>> fits("ab", {"type": "string", "maxLength": 1}, Place(), flatten)
    False
    >>> print(fits("ab", {"format": "date"}, Place(), flatten))
    None
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from pywebllm.schema.typed.place import Place

from .canonical import as_json
from .checks import Several
from .keywords import Schema, limiting
from .matching import matches
from .merging import allowed_types

__all__ = ["fits", "is_a", "type_of"]

Flatten = Callable[[object, Place], Schema | None]
_Truth = bool | None

_TYPES: Mapping[type, str] = MappingProxyType(
    {
        type(None): "null", bool: "boolean", int: "number", float: "number", str: "string",
        list: "array", tuple: "array", dict: "object",
    }
)  # fmt: skip


def fits(value: Any, flat: Schema | None, place: Place, flatten: Flatten) -> _Truth:
    """Return whether a value fits a flat schema; None when that is not certain."""
    if flat is None:
        return False
    types = allowed_types(flat)
    if types is not None and not any(is_a(value, name) for name in types):
        return False
    return _all(_truths(value, flat, place, flatten))


def type_of(value: object) -> str:
    """Return the type of a JSON value, `number` for integers; empty for other values."""
    return _TYPES.get(type(value), "")


def is_a(value: object, name: str) -> bool:
    """Return whether a value has a type of JSON Schema; 2.0 is an integer."""
    if name == "integer":
        is_integer = isinstance(value, int) and not isinstance(value, bool)
        return is_integer or (isinstance(value, float) and value.is_integer())
    return type_of(value) == name


def _truths(value: Any, flat: Schema, place: Place, flatten: Flatten) -> Iterator[_Truth]:
    def inner(one: Any, schema: object) -> _Truth:
        return fits(one, flatten(schema, place.at("value")), place.at("value"), flatten)

    if "enum" in flat:
        values: Any = flat["enum"]
        yield _same(value) in map(_same, values)
    for keyword in ("anyOf", "oneOf"):
        for options in _lists(flat.get(keyword)):
            found = [inner(value, option) for option in options]
            yield _any(found) if keyword == "anyOf" else _one(found)
    for name, limit in limiting(flat, type_of(value)).items():
        check: Callable[..., _Truth] = _CHECKS.get(name, _unknown)
        yield check(value, limit, flat, inner)


def _lists(options: Any) -> Iterable[Any]:
    if options is None:
        return ()
    return options if isinstance(options, Several) else (options,)


def _same(value: Any) -> str:
    """Write a value so that equal ones are written alike: 1 and 1.0 are one value."""
    if isinstance(value, float) and value.is_integer():
        return as_json(int(value))
    if isinstance(value, list | tuple):
        return f"[{','.join(map(_same, value))}]"
    if isinstance(value, Mapping):
        return as_json({name: _same(one) for name, one in value.items()})
    return as_json(value)


def _all(truths: Iterable[_Truth]) -> _Truth:
    found = list(truths)
    if False in found:
        return False
    return None if None in found else True


def _any(truths: Iterable[_Truth]) -> _Truth:
    found = _all(None if one is None else not one for one in truths)
    return None if found is None else not found


def _one(truths: list[_Truth]) -> _Truth:
    return None if None in truths else truths.count(True) == 1


_Inner = Callable[[Any, object], _Truth]


def _unknown(value: Any, limit: Any, flat: Schema, inner: _Inner) -> _Truth:
    del value, limit, flat, inner
    return None


def _count(is_within: Callable[[Any, Any], bool]) -> Callable[..., _Truth]:
    return lambda value, limit, *_: is_within(len(value), limit)


def _bound(is_within: Callable[[Any, Any], bool]) -> Callable[..., _Truth]:
    return lambda value, limit, *_: is_within(Decimal(str(value)), Decimal(str(limit)))


def _at_least(one: Any, other: Any) -> bool:
    return bool(one >= other)


def _at_most(one: Any, other: Any) -> bool:
    return bool(one <= other)


def _pattern(value: str, limit: Any, *_: object) -> _Truth:
    patterns = limit if isinstance(limit, Several) else (limit,)
    return _all(matches(pattern, value) for pattern in patterns)


def _excluded(value: Any, limit: Mapping[str, Any], *_: object) -> _Truth:
    match type_of(value):
        case "object" if any(name in value for name in limit.get("required", ())):
            return False
        case "object":
            return None if limit.get("others") or limit.get("last") else True
        case "number":
            is_integer = bool(limit.get("integer")) and is_a(value, "integer")
            return not (is_integer or any(_multiple(value, step) for step in limit.get("step", ())))
        case "string" if value in limit.get("enum", ()):
            return False
        case "string":
            return _all(_not(matches(pattern, value)) for pattern in limit.get("pattern", ()))
    return True


def _not(truth: _Truth) -> _Truth:
    return None if truth is None else not truth


def _required(value: Mapping[str, Any], names: Any, *_: object) -> _Truth:
    return all(name in value for name in names)


def _properties(value: Mapping[str, Any], named: Any, _: Schema, inner: _Inner) -> _Truth:
    return _all(inner(value[name], schema) for name, schema in named.items() if name in value)


def _others(value: Mapping[str, Any], schema: object, flat: Schema, inner: _Inner) -> _Truth:
    named: Any = flat.get("properties", {})
    patterns: Any = flat.get("patternProperties", {})
    rest = [name for name in value if name not in named]
    found: list[_Truth] = []
    for name in rest:
        known = _any(matches(pattern, name) for pattern in patterns)
        if known is not True:
            fit = inner(value[name], schema)
            found.append(fit if known is False or fit else None)
    return _all(found)


def _by_pattern(value: Mapping[str, Any], patterns: Any, _: Schema, inner: _Inner) -> _Truth:
    found: list[_Truth] = []
    for pattern, schema in patterns.items():
        for name in value:
            known, fit = matches(pattern, name), inner(value[name], schema)
            found.append(True if known is False or fit else fit if known else None)
    return _all(found)


def _contains(value: list[Any], schema: object, flat: Schema, inner: _Inner) -> _Truth:
    if "minContains" in flat or "maxContains" in flat:
        return None
    return _any([inner(item, schema) for item in value])


def _names(value: Mapping[str, Any], schema: object, _: Schema, inner: _Inner) -> _Truth:
    return _all(inner(name, schema) for name in value)


def _items(value: list[Any], schema: object, flat: Schema, inner: _Inner) -> _Truth:
    prefix: Any = flat.get("prefixItems", ())
    return _all(inner(item, schema) for item in value[len(prefix) :])


def _prefix(value: list[Any], schemas: Any, _: Schema, inner: _Inner) -> _Truth:
    return _all(inner(item, schema) for item, schema in zip(value, schemas, strict=False))


def _unique(value: list[Any], *_: object) -> _Truth:
    return len({_same(item) for item in value}) == len(value)


def _multiple(value: Any, step: Any, *_: object) -> _Truth:
    return Decimal(str(value)) % Decimal(str(step)) == 0


_CHECKS: Mapping[str, Callable[..., _Truth]] = MappingProxyType(
    {
        "additionalProperties": _others,
        "contains": _contains,
        "exclusiveMaximum": _bound(lambda one, other: one < other),
        "exclusiveMinimum": _bound(lambda one, other: one > other),
        "items": _items,
        "maxItems": _count(_at_most),
        "maxLength": _count(_at_most),
        "maxProperties": _count(_at_most),
        "maximum": _bound(_at_most),
        "minItems": _count(_at_least),
        "minLength": _count(_at_least),
        "minProperties": _count(_at_least),
        "minimum": _bound(_at_least),
        "multipleOf": _multiple,
        "not": _excluded,
        "pattern": _pattern,
        "patternProperties": _by_pattern,
        "prefixItems": _prefix,
        "properties": _properties,
        "propertyNames": _names,
        "required": _required,
        "uniqueItems": _unique,
    }
)
