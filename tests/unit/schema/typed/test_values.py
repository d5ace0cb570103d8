"""What the values of a typed schema are equal to."""

from __future__ import annotations

from decimal import Decimal

from pywebllm.schema.typed.place import Place
from pywebllm.schema.typed.values import (
    BOOLEAN,
    NULL,
    AnyOf,
    Array,
    Enum,
    Nothing,
    Number,
    Ref,
    String,
    any_of,
)


def test_equal_values_at_two_places_are_equal() -> None:
    here, there = (Number(low=Decimal(1), place=Place(path=path)) for path in ("$.a", "$.b"))
    assert here == there
    assert len({here, there}) == 1


def test_enum_of_1_differs_from_enum_of_true() -> None:
    assert Enum(("1",)) != Enum(("true",))


def test_options_of_options_are_taken_apart_and_kept_once() -> None:
    inner = any_of(BOOLEAN, NULL)
    assert any_of(inner, String(), any_of(inner, Ref("a"))) == AnyOf(
        (BOOLEAN, NULL, String(), Ref("a"))
    )


def test_option_that_no_value_fits_is_dropped() -> None:
    assert any_of(Nothing(), NULL, Nothing()) == NULL
    assert any_of(Nothing(), any_of()) == Nothing()


def test_array_of_a_recursive_definition_can_be_hashed() -> None:
    assert hash(Array(items=Ref("array"))) == hash(Array(items=Ref("array")))
