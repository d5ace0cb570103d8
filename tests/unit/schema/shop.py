"""Types of the tests, in a module whose annotations are texts until they are asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum, IntEnum
from typing import (
    Annotated,
    Any,
    Generic,
    Literal,
    NamedTuple,
    NewType,
    NotRequired,
    Required,
    TypedDict,
    TypeVar,
)
from uuid import UUID

T = TypeVar("T")
Id = NewType("Id", int)


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Point(NamedTuple):
    x: float
    y: float = 0.0


class Address(TypedDict, total=False):
    """Where someone lives."""

    street: Required[Annotated[str, "With the number."]]
    zip: str


class Extra(Address):
    note: NotRequired[str]
    floor: int


@dataclass(frozen=True, slots=True)
class Person:
    """Someone.

    Somewhere.

    Attributes:
        name: What they are called.
    """

    name: str
    age: Annotated[int, {"minimum": 0, "maximum": 150}, "In years."]
    friends: list[Person] = field(default_factory=list)
    address: Address | None = None
    nickname: str = field(default="", metadata={"description": "If any."})
    secret: int = field(default=1, init=False)


@dataclass
class Box(Generic[T]):
    content: T
    more: list[T]


@dataclass
class Everything:
    text: str
    whole: int
    real: float
    flag: bool
    nothing: None
    any: Any
    day: date
    moment: datetime
    hour: time
    id: UUID
    price: Decimal
    colour: Colour
    level: Level
    size: Literal["s", 1, True, None]
    either: int | str
    items: Sequence[int]
    pair: tuple[int, str]
    many: tuple[int, ...]
    unique: set[str]
    frozen: frozenset[int]
    names: Mapping[str, int]
    coloured: dict[Colour, int]
    plain: dict  # type: ignore[type-arg]
    point: Point
    box: Box[int]
    new: Id


@dataclass
class Odd:
    fine: int
    bytes: list[bytes]


@dataclass
class Positive:
    value: int

    def __post_init__(self) -> None:
        if self.value <= 0:
            raise ValueError("it must be positive")
