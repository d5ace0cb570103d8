"""Checks of single values in a request: each returns the value, or says what was wanted.

A check is called with the path of the value, for example `messages[2].content`, and the value.
Nothing here knows which parameters there are.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from typing import NoReturn, TypeAlias

from pywebllm.errors import InvalidRequestError

__all__ = [
    "LARGEST_INTEGER",
    "TOOL_NAME",
    "Check",
    "check_keys",
    "closest",
    "flag",
    "integer",
    "items",
    "mapping",
    "number",
    "one_of",
    "plain",
    "refuse",
    "text",
]

# What a tool may be called, as in the reference.
TOOL_NAME = r"[a-zA-Z0-9_-]{1,64}"

# JavaScript's numbers are exact for integers up to here.
LARGEST_INTEGER = 2**53 - 1

Check: TypeAlias = Callable[[str, object], object]


def refuse(path: str, problem: str, *, advice: str | None = None) -> NoReturn:
    """Raise the error that says that what is at `path` cannot be taken, and why."""
    raise InvalidRequestError(f"{path} {problem}", advice=advice, param=path)


def number(
    low: float, high: float = math.inf, *, above: bool = False
) -> Callable[[str, object], float]:
    """Return the check for a finite number from `low`, or `above` it, to `high`."""
    start = f"above {low:g}" if above else f"from {low:g}"
    wanted = f"is a number {start}" + (f" to {high:g}" if math.isfinite(high) else "")
    most = min(high, sys.float_info.max)

    def check(path: str, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            refuse(path, f"{wanted}, got {value!r}")
        # NaN is in no range.
        if not low <= value <= most or (above and value == low):
            refuse(path, f"{wanted}, got {value!r}")
        return value

    return check


def integer(
    low: int, high: int = LARGEST_INTEGER, *, why: str = ""
) -> Callable[[str, object], int]:
    """Return the check for an integer from `low` to `high`; True and 1.0 are none.

    `why` goes into the error.
    """
    # Where the limit is that of JavaScript, only those who go beyond need to hear of it.
    shown = high != LARGEST_INTEGER or low == -LARGEST_INTEGER
    wanted = f"is an integer from {low}" + (f" to {high}" if shown else "")
    reason = f": {why}" if why else ""

    def check(path: str, value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            refuse(path, f"{wanted}, got {value!r}{reason}")
        return value

    return check


def one_of(*values: str) -> Callable[[str, object], str]:
    """Return the check for one of these texts."""
    wanted = f"is {' or '.join(map(repr, values))}"

    def check(path: str, value: object) -> str:
        if not isinstance(value, str) or value not in values:
            refuse(path, f"{wanted}, got {value!r}")
        return value

    return check


def flag(path: str, value: object) -> bool:
    """Check that the value is True or False."""
    if not isinstance(value, bool):
        refuse(path, f"is True or False, got {value!r}")
    return value


def text(path: str, value: object) -> str:
    """Check that the value is a text; it may be empty."""
    if not isinstance(value, str):
        refuse(path, f"is a text, got {value!r}")
    return value


def mapping(path: str, value: object) -> dict[str, object]:
    """Check that the value is a mapping or an object with fields; return what is not None."""
    found = plain(value, path)
    if not isinstance(found, dict):
        refuse(path, f"is a mapping, got {value!r}")
    return {key: item for key, item in found.items() if item is not None}


def items(path: str, value: object) -> list[object]:
    """Check that the value is a list, or anything else to go through; return its items."""
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        refuse(path, f"is a list, got {value!r}")
    return list(value)


def check_keys(path: str, value: Mapping[str, object], known: Iterable[str]) -> None:
    """Check that there is no key but the known ones."""
    names = tuple(known)
    for key in value:
        if key not in names:
            refuse(f"{path}.{key}", f"is not known.{closest(key, names)}")


def closest(name: object, known: Iterable[str]) -> str:
    """Return the sentence that names the known name nearest to this one; empty without one."""
    found = get_close_matches(str(name), list(known), n=1)
    return f" Did you mean {found[0]!r}?" if found else ""


def plain(value: object, path: str) -> object:
    """Return a value as JSON has it, in dicts and lists.

    Dataclasses become dicts of their fields; so do objects with pydantic's `model_dump`, which
    the official SDK returns. What else there is stays as it is.

    Raises:
        InvalidRequestError: It is nested too deeply, or holds itself.
    """
    try:
        return _plain(value)
    except RecursionError:
        refuse(path, "is nested too deeply")


def _plain(value: object) -> object:
    if isinstance(value, type):
        return value
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    dump = getattr(value, "model_dump", None)
    return value if dump is None else _plain(dump())
