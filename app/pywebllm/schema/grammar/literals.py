"""Values that are written exactly so: `const`, `enum` and the names of properties."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType

from pywebllm.schema.document.keywords import Schema
from pywebllm.schema.document.merging import allowed_types, plain
from pywebllm.schema.document.place import Place
from pywebllm.schema.ebnf.nodes import Node, Text

__all__ = ["enum_values", "exact_json", "is_a", "literal"]

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
_LISTED = frozenset({"enum", "type"})


def literal(value: object, place: Place) -> Node:
    """Write a value as `json.dumps` does.

    Raises:
        InvalidRequestError: It is no JSON: NaN, a lone surrogate, an object of Python.
    """
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        text.encode()
    except (TypeError, ValueError) as error:
        raise place.error(f"{value!r:.80} is no JSON value", advice="Mend it.") from error
    return Text(text)


def enum_values(schema: Schema, place: Place) -> list[object]:
    """List the values of `enum` that have one of the schema's types.

    Raises:
        InvalidRequestError: Something else limits them as well.
    """
    beside = [name for name in schema if name not in _LISTED]
    if beside:
        raise place.error(
            f"{beside[0]!r} beside 'enum' or 'const' is not supported",
            advice="List only the values that fit.",
        )
    values = schema["enum"]
    assert isinstance(values, list | tuple)
    types = allowed_types(schema)
    return [value for value in values if types is None or any(is_a(value, name) for name in types)]


def is_a(value: object, name: str) -> bool:
    """Tell whether a value has a type of JSON Schema; 2.0 is an integer."""
    if isinstance(value, float) and value.is_integer() and name == "integer":
        return True
    return name in _TYPES.get(type(value), ())


def exact_json(value: object) -> str:
    """Write a schema so that only equal ones, in the same order, are equal texts."""
    return json.dumps(value, default=plain)
