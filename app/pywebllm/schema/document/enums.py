"""`enum` and `const`: the values listed that fit the keywords beside them, as JSON text.

Examples:
    >>> def flatten(schema, place):
    ...     return schema
    >>> read_enum({"enum": ["a", 1, 2.0, 2.5], "type": ["integer", "string"]}, Place(), flatten)
    Enum(texts=('"a"', '1', '2.0'))
    >>> read_enum({"enum": ["a", "ab"], "maxLength": 1}, Place(), flatten)
    Enum(texts=('"a"',))
"""

from __future__ import annotations

import json
from collections.abc import Callable

from pywebllm.schema.typed.place import Place
from pywebllm.schema.typed.values import Enum, Nothing

from .evaluation import fits
from .keywords import Schema

__all__ = ["enum_values", "json_text", "read_enum"]

Flatten = Callable[[object, Place], Schema | None]


def read_enum(schema: Schema, place: Place, flatten: Flatten) -> Enum | Nothing:
    """Read a flat schema with `enum`.

    Raises:
        InvalidRequestError: A value is not JSON, or it is not certain whether it fits.
    """
    texts = tuple(json_text(value, place) for value in enum_values(schema, place, flatten))
    return Enum(texts) if texts else Nothing()


def enum_values(schema: Schema, place: Place, flatten: Flatten) -> list[object]:
    """List the values of `enum` that fit the other keywords of a flat schema.

    Raises:
        InvalidRequestError: Of a value it is not certain whether it fits.
    """
    values = schema["enum"]
    assert isinstance(values, list | tuple)
    beside = {name: limit for name, limit in schema.items() if name != "enum"}
    found = []
    for value in values:
        # Before it is compared: what is not JSON compares with nothing.
        json_text(value, place)
        truth = fits(value, beside, place, flatten)
        if truth is None:
            raise place.error(
                f"which values of 'enum' or 'const' fit {_doubtful(beside)!r} is not certain",
                advice="List only the values that fit.",
            )
        if truth:
            found.append(value)
    return found


def _doubtful(beside: Schema) -> str:
    return next((name for name in beside if name != "type"), "type")


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
