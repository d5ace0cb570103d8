"""The values that a schema is read into, each of which stands for a set of JSON values.

They are frozen and compare by what they let through, not by where they stand, so equal ones are
written once. Objects and arrays may contain themselves: each is a definition of its `Document`,
and everything else refers to it by a `Ref`. What no `Ref` is followed in is therefore a finite
tree, which is small enough to be compared and hashed.

Examples:
    >>> integer = Number(step=Decimal(1))
    >>> any_of(integer, Nothing(), any_of(NULL, integer)) == AnyOf((integer, NULL))
    True
    >>> any_of(Nothing())
    Nothing()
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, TypeAlias

from .place import Place

__all__ = [
    "BOOLEAN",
    "NULL",
    "AnyOf",
    "Anything",
    "Array",
    "Contained",
    "Document",
    "Enum",
    "Extra",
    "Nothing",
    "Number",
    "Object",
    "Property",
    "Ref",
    "String",
    "TypedSchema",
    "any_of",
]


@dataclass(frozen=True, slots=True)
class Nothing:
    """No value."""


@dataclass(frozen=True, slots=True)
class Anything:
    """Every value."""


@dataclass(frozen=True, slots=True)
class Enum:
    """The values listed, each as its JSON text: 1, 1.0 and true are equal in Python."""

    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """The numbers between two bounds.

    Attributes:
        low: The least number; None: unbounded.
        high: The greatest number; None: unbounded.
        excludes_low: Whether the number must be greater than `low`.
        excludes_high: Whether the number must be less than `high`.
        step: What each number is a multiple of, 1 for integers; None: any number. With a step the
            bounds are integers, and included.
        excluded_step: What no integer is a multiple of; None: anything.
        is_fractional: Whether the number is no integer.
        place: Where it stands, for errors.
    """

    low: Decimal | None = None
    high: Decimal | None = None
    excludes_low: bool = False
    excludes_high: bool = False
    step: Decimal | None = None
    excluded_step: int | None = None
    is_fractional: bool = False
    place: Place = field(default=Place(), compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class String:
    """The strings of some length, that match some patterns and formats and are not excluded.

    Attributes:
        min_length: The fewest characters.
        max_length: The most characters; None: unbounded.
        patterns: Regular expressions that occur in the string.
        formats: Names out of `formats`.
        excluded_patterns: Regular expressions that do not occur in the string.
        excluded: What the string is not.
        place: Where it stands, for errors.
    """

    min_length: int = 0
    max_length: int | None = None
    patterns: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    excluded_patterns: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    place: Place = field(default=Place(), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Contained:
    """Items of an array that are counted: what they fit, and what the others fit.

    Without `most`, the others may fit `schema` as well.
    """

    schema: TypedSchema
    others: TypedSchema
    least: int
    most: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Array:
    """The arrays of some length.

    Attributes:
        prefix: The schemas of the first items.
        items: The schema of all items after those.
        min_items: The fewest items.
        max_items: The most items; None: unbounded.
        unique: Whether no two items may be equal.
        contained: What some of the items must be; None: anything.
        place: Where it stands, for errors.
    """

    prefix: tuple[TypedSchema, ...] = ()
    items: TypedSchema
    min_items: int = 0
    max_items: int | None = None
    unique: bool = False
    contained: Contained | None = None
    place: Place = field(default=Place(), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Property:
    """A property known by its name; one that may not be there has the schema `Nothing`."""

    name: str
    schema: TypedSchema
    required: bool


@dataclass(frozen=True, slots=True)
class Extra:
    """Properties that are not known by name: what their names and their values must fit."""

    names: TypedSchema
    schema: TypedSchema


@dataclass(frozen=True, slots=True, kw_only=True)
class Object:
    """The objects with some properties.

    Attributes:
        properties: Those known by name, in the order in which they are written.
        extras: Those that any object may have besides; none: the object is closed.
        lasts: Those of which the object must have one; none: it needs none.
        min_properties: The fewest properties.
        max_properties: The most properties; None: unbounded.
        place: Where it stands, for errors.
    """

    properties: tuple[Property, ...] = ()
    extras: tuple[Extra, ...] = ()
    lasts: tuple[Extra, ...] = ()
    min_properties: int = 0
    max_properties: int | None = None
    place: Place = field(default=Place(), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """The values that fit at least one of the options; made by `any_of`."""

    options: tuple[TypedSchema, ...]


@dataclass(frozen=True, slots=True)
class Ref:
    """The values that fit the definition of this name."""

    name: str


TypedSchema: TypeAlias = Nothing | Anything | Enum | Number | String | Array | Object | AnyOf | Ref


@dataclass(frozen=True, slots=True)
class Document:
    """A whole schema.

    Attributes:
        root: What the document says.
        definitions: The objects and arrays in it, by name; one that turned out to let no value
            through is `Nothing`, as those inside it may refer to it.
        place: Where the root stands, for errors.
    """

    root: TypedSchema
    definitions: Mapping[str, TypedSchema]
    place: Place = field(default=Place(), compare=False, repr=False)


BOOLEAN: Final = Enum(("true", "false"))
NULL: Final = Enum(("null",))


def any_of(*options: TypedSchema) -> TypedSchema:
    """Join options into one schema.

    Options of options are taken apart and equal ones kept once, so that schemas that share what
    they choose from do not double in size with each level.
    """
    flat: dict[TypedSchema, None] = {}
    for option in options:
        inner = option.options if isinstance(option, AnyOf) else (option,)
        flat.update(dict.fromkeys(one for one in inner if not isinstance(one, Nothing)))
    if not flat:
        return Nothing()
    return next(iter(flat)) if len(flat) == 1 else AnyOf(tuple(flat))
