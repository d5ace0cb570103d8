"""The types that are a single JSON value: their schema, and how the value is read.

Examples:
    >>> SCALARS[date].schema
    {'type': 'string', 'format': 'date'}
    >>> SCALARS[date].read("2026-01-31")
    datetime.date(2026, 1, 31)
"""

from __future__ import annotations

import math
import re
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path, PurePath
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


def _base64(text: str) -> bytes:
    return b64decode(text, validate=True)  # its error is a ValueError


_DURATION = re.compile(
    r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?"
    r"(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?",
    re.ASCII,
)
_SECONDS = (365 * 86_400, 30 * 86_400, 7 * 86_400, 86_400, 3600, 60, 1)


def _duration(text: str) -> timedelta:
    """Read a duration of RFC 3339; a year has 365 days and a month 30, as in pydantic."""
    found = _DURATION.fullmatch(text)
    if found is None or not any(found.groups()):
        raise ValueError(text)
    counts = (Decimal(count or 0) for count in found.groups())
    total = sum(count * each for count, each in zip(counts, _SECONDS, strict=True))
    whole, rest = divmod(Decimal(total), 1)
    return timedelta(seconds=int(whole), microseconds=int(rest * 1_000_000))


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
        timedelta: _formatted("duration", _duration, "a duration such as P1DT2H30M"),
        UUID: _formatted("uuid", UUID, "a UUID"),
        bytes: Scalar(
            {"type": "string", "format": "base64", "contentEncoding": "base64"},
            _from_string(_base64),
            "bytes in base64",
        ),
        Path: _formatted("path", Path, "a path"),
        PurePath: _formatted("path", PurePath, "a path"),
        IPv4Address: _formatted("ipv4", IPv4Address, "an IPv4 address"),
        IPv6Address: _formatted("ipv6", IPv6Address, "an IPv6 address"),
        Any: Scalar({}, lambda value: value, "anything"),
        object: Scalar({}, lambda value: value, "anything"),
    }
)
