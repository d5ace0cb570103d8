"""The types that are a single JSON value: their schema, and how the value is read.

Examples:
    >>> SCALARS[date].schema
    {'type': 'string', 'format': 'date'}
    >>> SCALARS[date].read("2026-01-31")
    datetime.date(2026, 1, 31)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from types import MappingProxyType, NoneType
from typing import Any
from uuid import UUID

__all__ = ["SCALARS", "Scalar"]


@dataclass(frozen=True, slots=True)
class Scalar:
    """A type; `read` raises ValueError when a JSON value is not of it, `wanted` names it."""

    schema: Mapping[str, object]
    read: Callable[[Any], object]
    wanted: str


def _exactly(type_: type) -> Callable[[Any], object]:
    def read(value: Any) -> object:
        if type(value) is not type_:
            raise ValueError(value)
        return value

    return read


def _number(value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(value)
    return value


def _integer(value: Any) -> int:
    number = _number(value)
    if isinstance(number, float) and not number.is_integer():
        raise ValueError(value)
    return int(number)


def _float(value: Any) -> float:
    found = float(_number(value))
    if not math.isfinite(found):
        raise ValueError(value)
    return found


def _decimal(value: Any) -> Decimal:
    return Decimal(str(_number(value)))


def _from_string(read: Callable[[str], object]) -> Callable[[Any], object]:
    def checked(value: Any) -> object:
        if not isinstance(value, str):
            raise ValueError(value)  # not TypeError: it is what callers expect
        return read(value)

    return checked


def _formatted(name: str, read: Callable[[str], object], wanted: str) -> Scalar:
    return Scalar({"type": "string", "format": name}, _from_string(read), wanted)


SCALARS: Mapping[Any, Scalar] = MappingProxyType(
    {
        str: Scalar({"type": "string"}, _exactly(str), "a string"),
        bool: Scalar({"type": "boolean"}, _exactly(bool), "true or false"),
        int: Scalar({"type": "integer"}, _integer, "an integer"),
        float: Scalar({"type": "number"}, _float, "a number"),
        Decimal: Scalar({"type": "number"}, _decimal, "a number"),
        NoneType: Scalar({"type": "null"}, _exactly(NoneType), "null"),
        None: Scalar({"type": "null"}, _exactly(NoneType), "null"),
        date: _formatted("date", date.fromisoformat, "a date such as 2026-01-31"),
        datetime: _formatted(
            "date-time", datetime.fromisoformat, "a time such as 2026-01-31T12:00:00Z"
        ),
        time: _formatted("time", time.fromisoformat, "a time such as 12:00:00Z"),
        UUID: _formatted("uuid", UUID, "a UUID"),
        Any: Scalar({}, lambda value: value, "anything"),
        object: Scalar({}, lambda value: value, "anything"),
    }
)
