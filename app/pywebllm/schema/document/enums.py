"""`enum` and `const`: the values listed, as JSON text.

Examples:
    >>> read_enum({"enum": ["a", 1, 2.0, 2.5], "type": ["integer", "string"]}, Place())
    Enum(texts=('"a"', '1', '2.0'))
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType

from pywebllm.schema.typed.place import Place
from pywebllm.schema.typed.values import Enum, Nothing

from .keywords import Schema
from .merging import allowed_types

__all__ = ["enum_values", "json_text", "read_enum"]

_TYPES: Mapping[type, tuple[str, ...]] = MappingProxyType(
    {
        type(None): ("null",),
        bool: ("boolean",),
        int: ("integer", "number"),
        float: ("number",),
        str: ("string",),
        list: ("array",),
        tuple: ("array",),
        dict: ("object",),
    }
)
_READ = frozenset({"enum", "type"})


def read_enum(schema: Schema, place: Place) -> Enum | Nothing:
    """Read a flat schema with `enum`.

    Raises:
        InvalidRequestError: A value is not JSON, or other keywords limit the values as well.
    """
    texts = tuple(json_text(value, place) for value in enum_values(schema, place))
    return Enum(texts) if texts else Nothing()


def enum_values(schema: Schema, place: Place) -> list[object]:
    """List the values of `enum` that have one of the schema's types.

    Raises:
        InvalidRequestError: Other keywords limit the values as well.
    """
    beside = [name for name in schema if name not in _READ]
    if beside:
        raise place.error(
            f"{beside[0]!r} beside 'enum' or 'const' is not supported",
            advice="List only the values that fit.",
        )
    values = schema["enum"]
    assert isinstance(values, list | tuple)
    types = allowed_types(schema)
    return [value for value in values if types is None or any(_is_a(value, name) for name in types)]


def json_text(value: object, place: Place) -> str:
    """Write a value as `json.dumps(…, ensure_ascii=False)` does.

    Raises:
        InvalidRequestError: It is not JSON: NaN, a lone surrogate, a Python object.
    """
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        text.encode()
    except (TypeError, ValueError) as error:
        raise place.error(
            f"{value!r:.80} is not a JSON value",
            advice="Use strings, finite numbers, booleans, null, and lists and dicts of these.",
        ) from error
    return text


def _is_a(value: object, name: str) -> bool:
    """Return whether a value has a type of JSON Schema; 2.0 is an integer."""
    if isinstance(value, float) and value.is_integer() and name == "integer":
        return True
    return name in _TYPES.get(type(value), ())
