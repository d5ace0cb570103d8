"""What the length of a type's values counts: characters, items or properties.

Examples:
    >>> lengths_of(str | list[int])
    ['Length', 'Items']
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Any

from .hints import unwrapped
from .scalars import Scalar
from .shapes import Alias, Choices, Items, Members, Model, Names, Shape, Tuple, Union, shape_of

__all__ = ["FEWEST_TO_DIFFER", "holds_set", "lengths_of"]

# The ends of the keywords of JSON Schema: `minLength`, `minItems`, `minProperties`.
_CHARACTERS, _ITEMS, _PROPERTIES = "Length", "Items", "Properties"

# A set that must have so many items cannot be written as a list: without duplicates there could be
# too few.
FEWEST_TO_DIFFER = 2


def lengths_of(type_: Any) -> list[str]:
    """List what the length of a type's values may count, as the ends of JSON Schema's keywords."""
    found = [length for shape in _shapes(type_) for length in _lengths(shape)]
    return [*dict.fromkeys(found)] or [_CHARACTERS]


def holds_set(type_: Any) -> bool:
    """Return whether a value of the type may be a set, in which duplicates count once."""
    return any(
        isinstance(shape, Items) and shape.make in (set, frozenset) for shape in _shapes(type_)
    )


def _shapes(type_: Any, above: tuple[Any, ...] = ()) -> Iterator[Shape]:
    """List what the values of a type may be, through unions and aliases."""
    found, _ = unwrapped(type_)
    shape = shape_of(found)
    if isinstance(shape, Union):
        for option in shape.options:
            yield from _shapes(option, above)
    elif isinstance(shape, Alias):
        if not any(found is alias for alias in above):
            yield from _shapes(shape.value, (*above, found))
    elif shape is not None:
        yield shape


def _lengths(shape: Shape) -> tuple[str, ...]:
    match shape:
        case Scalar(schema):
            return (_CHARACTERS,) if schema.get("type") == "string" else ()
        case Choices(values):
            return (_CHARACTERS,) if any(map(_is_string, values)) else ()
        case Items() | Tuple():
            return (_ITEMS,)
        case Names() | Members():
            return (_PROPERTIES,)
        case Model():
            # Only its own schema says which it is, and the keywords of the others limit nothing.
            return (_CHARACTERS, _ITEMS, _PROPERTIES)
        case _:
            return ()


def _is_string(value: object) -> bool:
    return isinstance(value.value if isinstance(value, Enum) else value, str)
