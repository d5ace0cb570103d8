"""Checks of single values in a request: each returns the value, or raises with what was expected.

A check is called with the path of the value, for example `messages[2].content`, and the value.
Messages have one form, "PATH must be EXPECTED, got VALUE", and a bounded length. Which parameters
exist is not known here.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from typing import NoReturn, TypeAlias

from pywebllm.echo import shortened, shown
from pywebllm.errors import InvalidRequestError

__all__ = [
    "LARGEST_INTEGER",
    "TOOL_NAME",
    "Check",
    "boolean",
    "check_keys",
    "closest",
    "exact",
    "integer",
    "items",
    "json_object",
    "json_text",
    "mapping",
    "nonempty_string",
    "number",
    "one_of",
    "plain",
    "refuse",
    "refuse_value",
    "shown",
    "string",
]

# The pattern of a tool's name, as in the OpenAI reference.
TOOL_NAME = r"[a-zA-Z0-9_-]{1,64}"

# JavaScript's `Number.MAX_SAFE_INTEGER`.
LARGEST_INTEGER = 2**53 - 1

Check: TypeAlias = Callable[[str, object], object]

_NOT_ITEMS = (str, bytes, bytearray, memoryview, Mapping)

_MOST_COMPARED = 100  # characters of a name


def refuse(path: str, problem: str, *, advice: str | None = None) -> NoReturn:
    """Raise the error for the value at `path`; `problem` continues the sentence after the path."""
    path = shortened(path)
    raise InvalidRequestError(f"{path} {problem}", advice=advice, param=path)


def refuse_value(
    path: str, expected: str, value: object, *, why: str = "", advice: str | None = None
) -> NoReturn:
    """Raise the error for a value that is not as `expected`, for example "a string"."""
    reason = f": {why}" if why else ""
    refuse(path, f"must be {expected}, got {shown(value)}{reason}", advice=advice)


def number(
    low: float, high: float = math.inf, *, above: bool = False
) -> Callable[[str, object], float]:
    """Return the check for a finite number from `low`, or greater than it (`above`), to `high`."""
    bounds = f"greater than {low:g}" if above else f"from {low:g}"
    if math.isfinite(high):
        expected = f"a number {bounds} {'and at most' if above else 'to'} {high:g}"
    else:
        expected = f"a finite number {bounds}"
    most = min(high, sys.float_info.max)

    def check(path: str, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            refuse_value(path, expected, value)
        # A comparison with NaN is False.
        if not low <= value <= most or (above and value == low):
            refuse_value(path, expected, value)
        return value

    return check


def integer(
    low: int, high: int = LARGEST_INTEGER, *, why: str = ""
) -> Callable[[str, object], int]:
    """Return the check for an integer from `low` to `high`; True and 1.0 are not integers.

    The error for a value above `high` also says `why`.
    """
    unbounded = high == LARGEST_INTEGER and low != -LARGEST_INTEGER

    def check(path: str, value: object) -> int:
        exceeds = False
        if isinstance(value, int) and not isinstance(value, bool):
            if low <= value <= high:
                return value
            exceeds = value > high
        # The limit of JavaScript is mentioned only to those who exceed it.
        limit = "" if unbounded and not exceeds else f" to {high}"
        refuse_value(path, f"an integer from {low}{limit}", value, why=why if exceeds else "")

    return check


def one_of(*values: str) -> Callable[[str, object], str]:
    """Return the check for one of these strings."""
    *others, last = [repr(value) for value in values]
    expected = f"{', '.join(others)} or {last}" if others else last

    def check(path: str, value: object) -> str:
        if not isinstance(value, str) or value not in values:
            refuse_value(path, expected, value)
        return exact(value)

    return check


def boolean(path: str, value: object) -> bool:
    """Check that the value is True or False."""
    if not isinstance(value, bool):
        refuse_value(path, "a boolean", value)
    return value


def string(path: str, value: object) -> str:
    """Check that the value is a string, which may be empty."""
    if not isinstance(value, str):
        refuse_value(path, "a string", value)
    return exact(value)


def nonempty_string(path: str, value: object) -> str:
    """Check that the value is a string with at least one character."""
    if not isinstance(value, str) or not value:
        refuse_value(path, "a non-empty string", value)
    return exact(value)


def mapping(path: str, value: object, expected: str = "a mapping") -> dict[str, object]:
    """Check that the value is a mapping or an object with fields; return the items not None.

    `expected` is for a parameter that takes another type as well, which the caller has handled.
    """
    found = json_object(path, value, expected)
    return {key: item for key, item in found.items() if item is not None}


def json_object(path: str, value: object, expected: str = "a mapping") -> dict[str, object]:
    """Check as `mapping` does; return all items: null is a value in a JSON Schema."""
    found = plain(value, path)
    if not isinstance(found, dict):
        refuse_value(path, expected, value)
    return found


def items(path: str, value: object, expected: str = "a list") -> list[object]:
    """Check that the value is a list or another iterable; return its items.

    Strings, bytes and mappings are refused. `expected` is as for `mapping`.
    """
    if isinstance(value, _NOT_ITEMS) or not isinstance(value, Iterable):
        refuse_value(path, expected, value)
    return list(value)


def check_keys(path: str, value: Mapping[str, object], known: Iterable[str]) -> None:
    """Check that every key is one of the known ones."""
    names = tuple(known)
    for key in value:
        if key not in names:
            refuse(f"{path}.{key}", f"is not a known key.{closest(key, names)}")


def json_text(path: str, value: object) -> str:
    """Return a value as JSON.

    Raises:
        InvalidRequestError: It has values of other types than those of JSON, or is nested too
            deeply.
    """
    try:
        return json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError) as error:
        refuse(path, f"is not JSON serializable: {shortened(str(error))}")


def closest(name: object, known: Iterable[str]) -> str:
    """Return a sentence that suggests the known name most similar to this one, or nothing."""
    from difflib import get_close_matches  # noqa: PLC0415, only errors need it

    # Longer names are not misspelled ones, and take long to compare.
    if not isinstance(name, str) or len(name) > _MOST_COMPARED:
        return ""
    found = get_close_matches(name, list(known), n=1)
    return f" Did you mean {shown(found[0])}?" if found else ""


def plain(value: object, path: str) -> object:
    """Return a value as the dicts and lists of its JSON.

    Dataclasses become dicts of their fields, and so do objects with pydantic's `model_dump`,
    which the official SDK returns. Members of an `Enum` that are strings or numbers, and values of
    other subclasses of `str`, `int` and `float`, become what JSON writes for them. Any other value
    is returned as it is.

    Raises:
        InvalidRequestError: It is nested too deeply, contains itself, or has an integer of more
            than 4,300 digits as a key.
    """
    try:
        return _plain(value)
    except RecursionError:
        refuse(path, "is nested too deeply")
    except ValueError as error:
        refuse(path, f"has a key that cannot be written: {shortened(str(error))}")


def exact(value: str) -> str:
    """Return a string as a `str`: `str()` and f-strings write the name of an `Enum`'s member."""
    return str.__str__(value)


def _scalar(value: str | int | float) -> str | int | float:
    if isinstance(value, str):
        return exact(value)
    return int.__int__(value) if isinstance(value, int) else float.__float__(value)


def _plain(value: object) -> object:
    if value is None or isinstance(value, type | bool):
        return value
    if isinstance(value, str | int | float):
        return _scalar(value)
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {_key(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    dump = getattr(value, "model_dump", None)
    return value if dump is None else _plain(dump())


def _key(key: object) -> str:
    return exact(key) if isinstance(key, str) else str(key)
