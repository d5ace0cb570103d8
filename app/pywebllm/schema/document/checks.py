"""What the value of a keyword must be.

Examples:
    >>> COUNT.accepts(3), COUNT.accepts(-1), COUNT.accepts(True)
    (True, False, False)
    >>> COUNT.must_be
    'an integer from 0 to 2⁶⁴'
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

__all__ = [
    "ANYTHING",
    "COUNT",
    "DEPENDENCIES",
    "FLAG",
    "FORMAT",
    "NAMES",
    "NAMES_BY_NAME",
    "NUMBER",
    "PATTERN",
    "PROPERTIES",
    "REFERENCE",
    "SCHEMA",
    "SCHEMAS",
    "STEP",
    "TYPE",
    "TYPES",
    "VALUES",
    "Check",
    "Several",
]

# The largest of the types that generators of schemas write as "no limit".
_LARGEST_COUNT = 2**64

TYPES = ("object", "array", "string", "number", "integer", "boolean", "null")


class Several(tuple[Any, ...]):
    """Values of one keyword that all apply; only made when schemas are joined."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Check:
    """What the value of a keyword must be.

    Attributes:
        accepts: Returns whether a value is accepted.
        must_be: Names it, for errors.
        example: One such value as JSON text, for advice.
    """

    accepts: Callable[[object], bool]
    must_be: str
    example: str


def _is_count(value: object) -> bool:
    return isinstance(value, int) and _is_integer(value) and 0 <= value <= _LARGEST_COUNT


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    # `isfinite` converts to a float first, for which an integer may be too large.
    return _is_integer(value) or (isinstance(value, float) and math.isfinite(value))


def _is_step(value: object) -> bool:
    return isinstance(value, int | float) and _is_number(value) and value > 0


def _is_schema(value: object) -> bool:
    return isinstance(value, bool | Mapping)


def _is_schemas(value: object) -> bool:
    if isinstance(value, Several):
        return all(map(_is_schemas, value))
    return _is_filled_list(value) and all(map(_is_schema, value))


def _is_string(value: object) -> bool:
    return isinstance(value, str | Several)


def _is_reference(value: object) -> bool:
    return isinstance(value, str)


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _is_type(value: object) -> bool:
    names = value if isinstance(value, list | tuple) else [value]
    return bool(names) and all(name in TYPES for name in names)


def _is_properties(value: object) -> bool:
    return isinstance(value, Mapping) and all(
        isinstance(name, str) and _is_schema(inner) for name, inner in value.items()
    )


def _is_names(value: object) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(name, str) for name in value)


def _is_names_by_name(value: object) -> bool:
    return isinstance(value, Mapping) and all(map(_is_names, value.values()))


def _is_dependencies(value: object) -> bool:
    return isinstance(value, Mapping) and all(
        _is_names(inner) or _is_schema(inner) for inner in value.values()
    )


def _is_list(value: object) -> bool:
    return isinstance(value, list | tuple)


def _is_filled_list(value: object) -> TypeGuard[list[object] | tuple[object, ...]]:
    return isinstance(value, list | tuple) and bool(value)


ANYTHING = Check(lambda _: True, "any value", "1")
COUNT = Check(_is_count, "an integer from 0 to 2⁶⁴", "3")
DEPENDENCIES = Check(
    _is_dependencies, "an object whose values are schemas or lists of names", '{"a": ["b"]}'
)
FORMAT = Check(_is_string, "a string", '"date"')
FLAG = Check(_is_flag, "true or false", "true")
NAMES = Check(_is_names, "a list of names", '["name"]')
NAMES_BY_NAME = Check(
    _is_names_by_name, "an object whose values are lists of names", '{"a": ["b"]}'
)
NUMBER = Check(_is_number, "a number", "2.5")
PATTERN = Check(_is_string, "a string", '"^[a-z]+$"')
PROPERTIES = Check(
    _is_properties, "an object whose values are schemas", '{"name": {"type": "string"}}'
)
REFERENCE = Check(_is_reference, "a string", '"#/$defs/Name"')
SCHEMA = Check(_is_schema, "a schema", '{"type": "string"}')
SCHEMAS = Check(_is_schemas, "a non-empty list of schemas", '[{"type": "string"}]')
STEP = Check(_is_step, "a number above 0", "5")
TYPE = Check(_is_type, f"one or more of {', '.join(TYPES)}", '"string" or ["string", "null"]')
VALUES = Check(_is_list, "a list of values", '["yes", "no"]')
