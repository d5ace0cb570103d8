"""The schema of all values that do not fit another one.

Examples:
    >>> negated({"type": "string"}, Place())["type"]
    ['object', 'array', 'number', 'boolean', 'null']
    >>> negated({"minimum": 3}, Place())
    {'type': 'number', 'exclusiveMaximum': 3}
    >>> negated({"required": ["a", "b"]}, Place())["anyOf"][0]
    {'type': 'object', 'not': {'required': ['a']}}
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import combinations, pairwise
from types import MappingProxyType
from typing import Any

from pywebllm.echo import shown
from pywebllm.schema.typed.formats import FORMATS, INTEGER_FORMATS
from pywebllm.schema.typed.place import Place

from .checks import TYPES, Several
from .exclusions import Exclusions, excluded
from .keywords import Schema
from .merging import Negated, OpenProperties, allowed_types

__all__ = ["negated"]

_Schemas = Iterable[object]


def negated(flat: Schema | None, place: Place) -> object:
    """Write the schema of all values that do not fit a flat one; None is one that nothing fits.

    Raises:
        InvalidRequestError: A keyword in it cannot be negated.
    """
    if flat is None:
        return True
    options = [option for name in flat for option in _without(name, flat, place)]
    if not options:
        return False
    return options[0] if len(options) == 1 else {"anyOf": options}


def _without(name: str, flat: Schema, place: Place) -> _Schemas:
    """Write the schemas of the values that one keyword excludes."""
    value = flat[name]
    is_decided = isinstance(value, Exclusions) and value.get("last")
    if name in _NEGATIONS and not is_decided:
        return _NEGATIONS[name](value)
    if name in _WITH_OTHERS:
        return _WITH_OTHERS[name](flat)
    if name == "enum":
        return _values(value, place)
    found = _by_meaning(name, value, flat)
    if found is not None:
        return found
    raise place.error(
        f"{name!r} inside 'not', 'if' or a 'oneOf' with overlapping branches cannot be expressed"
        " in a grammar",
        advice="Leave it out, and check the answer in Python.",
    )


def _by_meaning(name: str, value: Any, flat: Schema) -> list[object] | None:
    """Write the same for keywords that can be negated in some cases; None: not in this one."""
    match name:
        case "items" if "prefixItems" not in flat:
            return [{"type": "array", "contains": {"not": value}}]
        case "contains" if not {"minContains", "maxContains"} & flat.keys():
            return [{"type": "array", "items": {"not": value}}]
        case "multipleOf" if isinstance(value, int):
            integers = {"type": "integer", "not": Exclusions(step=[value])}
            return [excluded(integer=[True]), *([integers] if value > 1 else [])]
        case "format" if not {*_several(value)} & INTEGER_FORMATS.keys():
            return [excluded(pattern=[FORMATS[one]]) for one in _several(value) if one in FORMATS]
    return None


def _by_pattern(flat: Schema) -> Iterator[object]:
    patterns: Any = flat["patternProperties"]
    for pattern, schema in patterns.items():
        if schema is not True:
            origin = {"patternProperties": {pattern: schema}, "additionalProperties": True}
            yield _other({"pattern": pattern}, schema, origin)


def _names(flat: Schema) -> Iterator[object]:
    names = flat["propertyNames"]
    found = ({"type": "string", "not": names}, True, {"propertyNames": names})
    yield {"type": "object", "not": Exclusions(others=[found])}


def _others(flat: Schema) -> _Schemas:
    if flat["additionalProperties"] is True:
        return []
    named: Any = flat.get("properties", {})
    patterns: Any = flat.get("patternProperties", {})
    names = Exclusions(enum=[*named], pattern=[*patterns])
    origin = {
        "properties": OpenProperties(dict.fromkeys(named, True)),
        "patternProperties": dict.fromkeys(patterns, True),
        "additionalProperties": flat["additionalProperties"],
    }
    return [_other({"not": names}, flat["additionalProperties"], origin)]


def _other(names: Schema, schema: object, origin: Schema) -> object:
    """Write the objects with a property of such a name whose value does not fit a schema."""
    found = ({"type": "string", **names}, {"not": schema}, origin)
    return {"type": "object", "not": Exclusions(others=[found])}


def _types(flat: Schema) -> Iterator[object]:
    names = allowed_types(flat) or ()
    left = [name for name in TYPES if name not in names and name != "integer"]
    if "integer" in names and "number" not in names:
        left.remove("number")
        yield excluded(integer=[True])
    if left:
        yield {"type": left}


def _values(values: Any, place: Place) -> Iterator[object]:
    if any(isinstance(value, dict | list) for value in values):
        raise place.error(
            f"a list or object, {shown(values)}, inside 'not' or 'if' cannot be expressed in a"
            " grammar",
            advice="Leave it out, and check the answer in Python.",
        )
    yield {"type": ["object", "array"]}
    yield excluded(enum=[value for value in values if isinstance(value, str)])
    booleans = [value for value in (True, False) if not any(value is other for other in values)]
    if booleans:
        yield {"enum": booleans}
    if None not in values:
        yield {"type": "null"}
    yield from _between(value for value in values if _is_number(value))


def _between(numbers: Iterable[int | float]) -> Iterator[object]:
    """Yield the ranges of numbers that are none of these."""
    bounds = [-math.inf, *sorted(set(numbers)), math.inf]
    for low, high in pairwise(bounds):
        limits = {"exclusiveMinimum": low, "exclusiveMaximum": high}
        yield {"type": "number", **{name: at for name, at in limits.items() if math.isfinite(at)}}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _limit(type_: str, keyword: str, change: int = 0) -> Callable[[Any], _Schemas]:
    def options(value: Any) -> _Schemas:
        found = value + change if change else value
        return [] if change < 0 and found < 0 else [{"type": type_, keyword: found}]

    return options


def _required(names: Any) -> _Schemas:
    return [excluded(required=[name]) for name in names]


def _properties(properties: Mapping[str, object]) -> _Schemas:
    for name, schema in properties.items():
        if schema is not True and schema != {}:
            inner = OpenProperties({name: Negated({"not": schema})})
            yield {"type": "object", "required": [name], "properties": inner}


def _patterns(value: Any) -> _Schemas:
    return [excluded(pattern=[pattern]) for pattern in _several(value)]


def _several(value: Any) -> Iterable[Any]:
    return value if isinstance(value, Several) else (value,)


def _choices(value: Any) -> _Schemas:
    for options in _several(value):
        yield {"allOf": [{"not": option} for option in options]}


def _exclusive_choices(value: Any) -> _Schemas:
    """Take the values that fit none of the options, or two of them."""
    for options in _several(value):
        yield {"allOf": [{"not": option} for option in options]}
        yield from ({"allOf": [*pair]} for pair in combinations(options, 2))


def _exclusions(value: Any) -> _Schemas:
    if not isinstance(value, Exclusions):
        return
    for name in value.get("required", ()):
        yield {"type": "object", "required": [name]}
    for pattern in value.get("pattern", ()):
        yield {"type": "string", "pattern": pattern}
    if value.get("integer"):
        yield {"type": "integer"}
    for step in value.get("step", ()):
        yield {"type": "integer", "multipleOf": step}
    for _, _, origin in value.get("others", ()):
        yield {"type": "object", **origin}
    if value.get("enum"):
        yield {"enum": list(value["enum"])}


_NEGATIONS: Mapping[str, Callable[[Any], _Schemas]] = MappingProxyType(
    {
        "anyOf": _choices,
        "exclusiveMaximum": _limit("number", "minimum"),
        "exclusiveMinimum": _limit("number", "maximum"),
        "maxItems": _limit("array", "minItems", 1),
        "maxLength": _limit("string", "minLength", 1),
        "maxProperties": _limit("object", "minProperties", 1),
        "maximum": _limit("number", "exclusiveMinimum"),
        "minItems": _limit("array", "maxItems", -1),
        "minLength": _limit("string", "maxLength", -1),
        "minProperties": _limit("object", "maxProperties", -1),
        "minimum": _limit("number", "exclusiveMaximum"),
        "not": _exclusions,
        "oneOf": _exclusive_choices,
        "pattern": _patterns,
        "properties": _properties,
        "required": _required,
    }
)
# Those whose negation depends on other keywords as well.
_WITH_OTHERS: Mapping[str, Callable[[Schema], _Schemas]] = MappingProxyType(
    {
        "additionalProperties": _others,
        "patternProperties": _by_pattern,
        "propertyNames": _names,
        "type": _types,
    }
)
