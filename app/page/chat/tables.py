"""Typed answers as tables: JSON into columns and rows of texts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pywebllm.json_text import read_json

__all__ = ["Table", "table_of"]

_MOST_ROWS = 500
_MOST_COLUMNS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table of texts; `columns` is empty where the rows are names and values."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def table_of(words: str) -> Table | None:
    """Return the table of a JSON text; None if it is not JSON, or a value without parts.

    A list of objects has a column for each name; an object has a row for each name. An object
    with one name, whose value is such a list, is shown as that list.
    """
    try:
        value = read_json(words)
    except ValueError:
        return None
    if isinstance(value, dict) and len(value) == 1:
        (only,) = value.values()
        value = only if _is_table(only) else value
    if _is_table(value):
        return _of_objects(value)
    if isinstance(value, dict) and value:
        return Table(columns=(), rows=tuple((k, _cell(v)) for k, v in _first(value)))
    if isinstance(value, list) and value:
        numbered = enumerate(value[:_MOST_ROWS], 1)
        return Table(
            columns=(), rows=tuple((str(number), _cell(item)) for number, item in numbered)
        )
    return None


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(i, dict) and i for i in value)


def _of_objects(items: list[dict[str, Any]]) -> Table:
    shown = items[:_MOST_ROWS]
    names = list(dict.fromkeys(name for item in shown for name in item))[:_MOST_COLUMNS]
    rows = tuple(tuple(_cell(item[n]) if n in item else "" for n in names) for item in shown)
    return Table(columns=tuple(names), rows=rows)


def _first(value: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return list(value.items())[:_MOST_ROWS]


def _cell(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
