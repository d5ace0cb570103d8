"""The base of all values: conversion to JSON as the OpenAI API reference shows it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, ClassVar

__all__ = ["Value"]

# Fields with a Python value that is not converted: the message's content is its JSON.
_PYTHON_ONLY = frozenset({"parsed"})


class Value:
    """A value as described in the OpenAI API reference; subclasses are frozen dataclasses.

    A subclass lists in `_null_fields` the fields that the reference shows as null; any other
    field that is None is left out of the JSON.
    """

    __slots__ = ()

    _null_fields: ClassVar[frozenset[str]] = frozenset()

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object of this value, as the OpenAI API reference shows it.

        Fields that are None are left out, except those that the reference shows as null. Fields
        of a usage that are WebLLM's are in `usage.extra`, by WebLLM's names. A parsed value is
        left out: the message's content is its JSON.
        """
        nulls = self._null_fields
        items = ((name, getattr(self, name)) for name in _names(type(self)))
        return {name: _plain(item) for name, item in items if item is not None or name in nulls}

    def to_json(self, *, indent: int | None = 2) -> str:
        """Return `to_dict()` as a JSON string; with `indent` None on one line."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=indent)


# The results of `_names`, which is called several times for each chunk.
_KNOWN_NAMES: dict[type, tuple[str, ...]] = {}


def _names(kind: Any) -> tuple[str, ...]:
    found = _KNOWN_NAMES.get(kind)
    if found is None:
        found = tuple(field.name for field in fields(kind) if field.name not in _PYTHON_ONLY)
        _KNOWN_NAMES[kind] = found
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, Value):
        return value.to_dict()
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return value
