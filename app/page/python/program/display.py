"""What a value looks like in the output: text, a picture, or a table.

Values become plain data, never markup, so nothing that a program shows can act in the page.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, TypeAlias

__all__ = ["Part", "part_of", "table_of"]

# A JSON object: `{"text"}`, `{"image", "type"}` with base64, or `{"columns", "rows", "more"}`.
Part: TypeAlias = dict[str, Any]

MAX_ROWS = 200
MAX_COLUMNS = 30
MAX_CELL = 300

# SVG first: some packages have a `_repr_png_` that needs another package.
_IMAGES = {
    "_repr_svg_": "image/svg+xml",
    "_repr_png_": "image/png",
    "_repr_jpeg_": "image/jpeg",
}


def part_of(value: object) -> Part:
    """Return what is shown of a value."""
    for find in (_figure, _image, _frame, _records):
        found = find(value)
        if found is not None:
            return found
    return {"text": value if isinstance(value, str) else repr(value)}


def table_of(columns: list[object], rows: list[list[object]]) -> Part:
    """Return a table of any values; what is too long is left out, and its number is kept."""
    shown = [[_cell(cell) for cell in row[:MAX_COLUMNS]] for row in rows[:MAX_ROWS]]
    names = [_cell(column) for column in columns[:MAX_COLUMNS]]
    return {"columns": names, "rows": shown, "more": max(len(rows) - MAX_ROWS, 0)}


def _figure(value: Any) -> Part | None:
    # A figure of matplotlib, or what has the same method, for example a plot of seaborn.
    save = getattr(getattr(value, "figure", value), "savefig", None)
    if not callable(save) or isinstance(value, type):
        return None
    file = io.BytesIO()
    save(file, format="png", dpi=144, bbox_inches="tight")
    return _picture(file.getvalue(), "image/png")


def _image(value: Any) -> Part | None:
    if isinstance(value, type):
        return None
    for name, kind in _IMAGES.items():
        method: Callable[[], Any] | None = getattr(value, name, None)
        found = method() if callable(method) else None
        # IPython's protocol: nothing, the data, or the data with metadata.
        data = found[0] if isinstance(found, tuple) else found
        if data:
            return _picture(data.encode() if isinstance(data, str) else data, kind)
    return None


def _picture(data: bytes, kind: str) -> Part:
    return {"image": base64.b64encode(data).decode(), "type": kind}


def _frame(value: Any) -> Part | None:
    # A data frame of pandas, by its methods, so that pandas is not imported for the question.
    if isinstance(value, type) or not all(hasattr(value, n) for n in ("columns", "itertuples")):
        return None
    # Its index is the first item of each tuple.
    rows = [list(row) for row in value.itertuples(name=None)]
    return table_of(["", *value.columns], rows)


def _records(value: Any) -> Part | None:
    if not isinstance(value, list | tuple) or not value:
        return None
    rows = [_record(item) for item in value]
    if any(row is None for row in rows):
        return None
    found = [row for row in rows if row is not None]
    columns = list(dict.fromkeys(name for row in found for name in row))
    return table_of(list(columns), [[row.get(name, "") for name in columns] for row in found])


def _record(value: Any) -> Mapping[str, object] | None:
    if isinstance(value, Mapping):
        return {str(key): item for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    dump = getattr(value, "model_dump", None)  # a model of pydantic
    return dump() if callable(dump) and not isinstance(value, type) else None


def _cell(value: object) -> str:
    text = value if isinstance(value, str) else _number(value)
    return text if len(text) <= MAX_CELL else text[: MAX_CELL - 1] + "…"


def _number(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
