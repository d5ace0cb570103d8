"""What a Python type is made of, for describing it and for reading it.

Examples:
    >>> shape_of(list[int])
    Items(item=<class 'int'>, make=<class 'list'>)
    >>> shape_of(int | None)
    Union(options=(<class 'int'>, <class 'NoneType'>))
"""

from __future__ import annotations

import collections.abc
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Any, Literal, TypeAlias, Unpack, get_args, get_origin

from .hints import class_of, is_model, is_union, unwrapped
from .scalars import SCALARS, Scalar

__all__ = [
    "Alias", "Choices", "Items", "Members", "Model", "Names", "Shape", "Tuple", "Union", "shape_of",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Choices:
    """One of these values: of `Literal`, or the members of an `Enum`."""

    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Union:
    """One of these types."""

    options: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Items:
    """An array whose items have one type; `make` builds the collection."""

    item: Any
    make: Callable[[Iterable[Any]], Any]


@dataclass(frozen=True, slots=True)
class Tuple:
    """An array with a type for each item."""

    items: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Names:
    """An object that maps names to values; the names have a type, too."""

    key: Any
    value: Any


@dataclass(frozen=True, slots=True)
class Members:
    """An object with fields: a dataclass, `TypedDict` or `NamedTuple`."""

    type: Any


@dataclass(frozen=True, slots=True)
class Model:
    """A pydantic class, which describes and reads itself."""

    type: Any


@dataclass(frozen=True, slots=True)
class Alias:
    """A name for another type, made by a `type` statement."""

    name: str
    value: Any


Shape: TypeAlias = Scalar | Choices | Union | Items | Tuple | Names | Members | Model | Alias

_COLLECTIONS = MappingProxyType(
    {
        list: list,
        set: set,
        frozenset: frozenset,
        collections.abc.Sequence: list,
        collections.abc.Set: frozenset,
    }
)
_MAPS = (dict, collections.abc.Mapping)


def shape_of(type_: Any) -> Shape | None:
    """Take apart a type without annotations; None when it is not supported."""
    if _is_hashable(type_) and type_ in SCALARS:
        return SCALARS[type_]
    return _special(type_) or _class(type_) or _collection(type_)


def _is_hashable(type_: Any) -> bool:
    # `list[Annotated[str, {…}]]` has a `__hash__`, which fails because of the mapping in it.
    try:
        hash(type_)
    except TypeError:
        return False
    return True


def _special(type_: Any) -> Shape | None:
    if is_union(type_):
        return Union(get_args(type_))
    if get_origin(type_) is Literal:
        values = get_args(type_)
        return Choices(values) if all(map(_is_plain, values)) else None
    if type(type_).__name__ == "TypeAliasType":
        return Alias(type_.__name__, type_.__value__)
    return None


def _class(type_: Any) -> Shape | None:
    if class_of(type_) is not None:
        return Members(type_)
    if is_model(type_):
        return Model(type_)
    if isinstance(type_, type) and issubclass(type_, Enum):
        members = tuple(type_)
        return Choices(members) if members and all(map(_is_plain, members)) else None
    return None


def _is_plain(value: object) -> bool:
    plain = value.value if isinstance(value, Enum) else value
    return plain is None or isinstance(plain, str | int | float)


def _collection(type_: Any) -> Shape | None:
    origin = get_origin(type_) or type_
    arguments = get_args(type_)
    if origin is tuple:
        return _tuple(arguments, bare=type_ is tuple)
    if not _is_hashable(origin):
        return None
    make = _COLLECTIONS.get(origin)
    if make in (set, frozenset) and arguments and not _can_be_in_a_set(arguments[0]):
        return None
    if make is not None:
        return Items(arguments[0] if arguments else Any, make)
    if origin in _MAPS:
        return Names(*(arguments or (str, Any)))
    return None


def _can_be_in_a_set(item: Any) -> bool:
    """Return False for a type whose values have no hash: a list, a mapping, most dataclasses."""
    shape = shape_of(unwrapped(item)[0])
    if isinstance(shape, Items):
        return shape.make not in (list, set) and _can_be_in_a_set(shape.item)
    if isinstance(shape, Members | Model):
        class_ = get_origin(shape.type) or shape.type
        return class_.__hash__ is not None
    return not isinstance(shape, Names)


def _tuple(arguments: tuple[Any, ...], *, bare: bool) -> Shape | None:
    if any(get_origin(one) is Unpack or getattr(one, "__unpacked__", False) for one in arguments):
        return None
    if bare:
        return Items(Any, tuple)
    if arguments[1:] == (...,):
        return Items(arguments[0], tuple)
    return Tuple(arguments)
