"""What `Annotated` says about a type, as keywords of JSON Schema."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from pywebllm.errors import InvalidRequestError

from .lengths import FEWEST_TO_DIFFER, holds_set, lengths_of

__all__ = ["keywords_of"]

# Attributes of the classes of `annotated_types`, and of pydantic's `Field`, that limit a value.
_BOUNDS = MappingProxyType(
    {
        "ge": "minimum",
        "gt": "exclusiveMinimum",
        "le": "maximum",
        "lt": "exclusiveMaximum",
        "multiple_of": "multipleOf",
    }
)
_UNSAID = frozenset({"Not", "Predicate", "Timezone"})
_LENGTHS = MappingProxyType({"min_length": "min", "max_length": "max"})


def keywords_of(
    notes: Iterable[object], schema: Mapping[str, object], *, type_: Any, param: str
) -> dict[str, object]:
    """Add what the notes say to the schema of the type they stand with.

    Raises:
        InvalidRequestError: A bound is no number, or a note is one that no schema can say.
    """
    found = dict(schema)
    for note in _flat(notes):
        if isinstance(note, str):
            found["description"] = note
        elif isinstance(note, Mapping):
            found.update(note)
        else:
            _check_known(note, param)
            found.update(_tightened(found, _limits(note, type_, param)))
    least = found.get("minItems")
    if isinstance(least, int) and least >= FEWEST_TO_DIFFER and holds_set(type_):
        found["uniqueItems"] = True  # as pydantic says it; the grammar refuses it
    return found


def _check_known(note: object, param: str) -> None:
    kind = type(note)
    if kind.__module__.partition(".")[0] == "annotated_types" and kind.__name__ in _UNSAID:
        raise InvalidRequestError(
            f"{note!r} cannot be said in JSON Schema",
            advice="Say it with a pattern or bounds, or check what comes back in Python.",
            param=param,
        )


def _tightened(
    known: Mapping[str, object], limits: Iterable[tuple[str, object]]
) -> Iterator[tuple[str, object]]:
    """Take the tighter of two bounds: both hold."""
    for keyword, limit in limits:
        before = known.get(keyword)
        pick = max if "min" in keyword.lower() else min if "max" in keyword.lower() else None
        if pick and isinstance(before, int | float) and isinstance(limit, int | float):
            yield keyword, pick(before, limit)
        else:
            yield keyword, limit


def _flat(notes: Iterable[object]) -> Iterator[object]:
    for note in notes:
        yield note
        inner = getattr(note, "metadata", ())
        if isinstance(inner, list | tuple):
            yield from _flat(inner)


def _limits(note: Any, type_: Any, param: str) -> Iterator[tuple[str, object]]:
    for attribute, keyword in _BOUNDS.items():
        bound = getattr(note, attribute, None)
        if bound is not None:
            yield keyword, _number(bound, keyword, param)
    for attribute, start in _LENGTHS.items():
        length = getattr(note, attribute, None)
        if isinstance(length, int):
            yield from ((start + unit, length) for unit in lengths_of(type_))
    for attribute in ("pattern", "description"):
        text = getattr(note, attribute, None)
        text = getattr(text, "pattern", text)  # a compiled one
        if isinstance(text, str):
            yield attribute, text


def _number(bound: object, keyword: str, param: str) -> int | float:
    if isinstance(bound, int | float):
        return bound
    if isinstance(bound, Decimal):
        return float(bound)
    raise InvalidRequestError(
        f"{keyword} must be a number, got {bound!r}",
        advice="Check what comes back in Python instead.",
        param=param,
    )
