"""Types of the tests, in a module whose type hints are strings until they are resolved."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
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

from typing_extensions import TypeAliasType

T = TypeVar("T")
Id = NewType("Id", int)


class Color(Enum):
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
    color: Color
    level: Level
    size: Literal["s", 1, True, None]
    either: int | str
    items: Sequence[int]
    pair: tuple[int, str]
    many: tuple[int, ...]
    unique: set[str]
    frozen: frozenset[int]
    names: Mapping[str, int]
    colored: dict[Color, int]
    plain: dict  # type: ignore[type-arg]
    point: Point
    box: Box[int]
    new: Id


@dataclass
class Odd:
    fine: int
    bytes: list[complex]


@dataclass
class Positive:
    value: int

    def __post_init__(self) -> None:
        if self.value <= 0:
            raise ValueError("it must be positive")


Name = TypeAliasType("Name", str)
Side = TypeAliasType("Side", Literal["a", "b"])
Several = TypeAliasType("Several", set[int])

EVERYTHING = Everything(
    text="é", whole=1, real=1.5, flag=True, nothing=None, any=[{"a": None}],
    day=date(2026, 1, 31), moment=datetime(2026, 1, 31, 12, tzinfo=UTC),
    hour=time(12, tzinfo=UTC), id=UUID(int=1), price=Decimal("9.99"), color=Color.BLUE,
    level=Level.HIGH, size=True, either="x", items=[1, 2], pair=(1, "a"), many=(1, 2, 3),
    unique={"a"}, frozen=frozenset({1}), names={"a": 1}, colored={Color.RED: 1}, plain={"b": []},
    point=Point(1.0, 2.0), box=Box(1, [2]), new=7,  # type: ignore[arg-type]
)  # fmt: skip
TEXT = json.dumps(
    {
        "text": "é", "whole": 1, "real": 1.5, "flag": True, "nothing": None, "any": [{"a": None}],
        "day": "2026-01-31", "moment": "2026-01-31T12:00:00Z", "hour": "12:00:00Z",
        "id": str(UUID(int=1)), "price": 9.99, "color": "blue", "level": 2, "size": True,
        "either": "x", "items": [1, 2], "pair": [1, "a"], "many": [1, 2, 3], "unique": ["a"],
        "frozen": [1], "names": {"a": 1}, "colored": {"red": 1}, "plain": {"b": []},
        "point": {"x": 1.0, "y": 2.0}, "box": {"content": 1, "more": [2]}, "new": 7,
    },
    ensure_ascii=False,
)  # fmt: skip
