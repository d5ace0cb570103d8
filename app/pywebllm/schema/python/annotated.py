"""The annotations of a type in `Annotated`, as keywords of JSON Schema.

Examples:
    >>> keywords_of(["An age.", {"minimum": 0}], {"type": "integer"}, type_=int, param="tools")
    {'type': 'integer', 'description': 'An age.', 'minimum': 0}
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from pywebllm.echo import shown
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
_UNSUPPORTED = frozenset({"Not", "Predicate", "Timezone"})
# Of pydantic's `Field` and `StringConstraints`.
_PYDANTIC_ONLY = (
    *("decimal_places", "max_digits", "strip_whitespace", "to_lower", "to_upper"),
    *("allow_inf_nan", "coerce_numbers_to_str"),
)
_LENGTHS = MappingProxyType({"min_length": "min", "max_length": "max"})


def keywords_of(
    annotations: Iterable[object],
    schema: Mapping[str, object],
    *,
    type_: Any,
    param: str,
    is_validated: bool = False,
) -> dict[str, object]:
    """Add annotations to the schema of the type that they annotate.

    Args:
        annotations: The annotations; the outermost come last.
        schema: The schema of the type.
        type_: The type.
        param: The parameter of the request that the type was passed as, for errors.
        is_validated: True in a class of pydantic's, which applies its own annotations.

    Raises:
        InvalidRequestError: A bound is not a number, or JSON Schema has no keyword for an
            annotation.
    """
    found = dict(schema)
    for annotation in _flat(annotations):
        if isinstance(annotation, str):
            found["description"] = annotation
        elif isinstance(annotation, Mapping):
            found.update(annotation)
        else:
            _check_known(annotation, param)
            if not is_validated:
                _check_applied(annotation, param)
            found.update(_tightened(found, _limits(annotation, type_, param)))
    least = found.get("minItems")
    if isinstance(least, int) and least >= FEWEST_TO_DIFFER and holds_set(type_):
        found["uniqueItems"] = True  # as pydantic does; the grammar refuses it
    return found


def _check_known(annotation: object, param: str) -> None:
    kind = type(annotation)
    if kind.__module__.partition(".")[0] == "annotated_types" and kind.__name__ in _UNSUPPORTED:
        raise InvalidRequestError(
            f"{shown(annotation)} cannot be expressed in JSON Schema",
            advice="Use a pattern or bounds, or check the answer in Python.",
            param=param,
        )


def _check_applied(annotation: object, param: str) -> None:
    kind = type(annotation)
    if kind.__module__.partition(".")[0] != "pydantic":
        return
    # Only pydantic applies its validators, and what changes a value.
    if kind.__name__.endswith("Validator") or any(
        getattr(annotation, name, None) is not None for name in _PYDANTIC_ONLY
    ):
        raise InvalidRequestError(
            f"{shown(annotation)} has an effect in a pydantic class only",
            advice="Make the class a pydantic.BaseModel, or check the answer in Python.",
            param=param,
        )


def _tightened(
    known: Mapping[str, object], limits: Iterable[tuple[str, object]]
) -> Iterator[tuple[str, object]]:
    """Take the tighter of two bounds: both apply."""
    for keyword, limit in limits:
        before = known.get(keyword)
        pick = max if "min" in keyword.lower() else min if "max" in keyword.lower() else None
        if pick and isinstance(before, int | float) and isinstance(limit, int | float):
            yield keyword, pick(before, limit)
        else:
            yield keyword, limit


def _flat(annotations: Iterable[object]) -> Iterator[object]:
    for annotation in annotations:
        yield annotation
        inner = getattr(annotation, "metadata", ())
        if isinstance(inner, list | tuple):
            yield from _flat(inner)


def _limits(annotation: Any, type_: Any, param: str) -> Iterator[tuple[str, object]]:
    for attribute, keyword in _BOUNDS.items():
        bound = getattr(annotation, attribute, None)
        if bound is not None:
            yield keyword, _number(bound, keyword, param)
    for attribute, start in _LENGTHS.items():
        length = getattr(annotation, attribute, None)
        if isinstance(length, int):
            yield from ((start + unit, length) for unit in lengths_of(type_))
    for attribute in ("pattern", "description"):
        value = getattr(annotation, attribute, None)
        value = getattr(value, "pattern", value)  # of a compiled regular expression
        if isinstance(value, str):
            yield attribute, value


def _number(bound: object, keyword: str, param: str) -> int | float:
    if isinstance(bound, int | float):
        return bound
    if isinstance(bound, Decimal):
        return float(bound)
    raise InvalidRequestError(
        f"{keyword} must be a number, got {shown(bound)}",
        advice="Use a number, or check the answer in Python.",
        param=param,
    )
