"""The keywords of numbers: bounds, `multipleOf` and `format`.

Examples:
    >>> number = read_number({"exclusiveMinimum": 2.5, "maximum": 9}, Place(), is_integer=True)
    >>> number == Number(low=Decimal(3), high=Decimal(9), step=Decimal(1))
    True
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal

from pywebllm.echo import shown
from pywebllm.schema.typed.formats import FORMATS, NUMBER_FORMATS
from pywebllm.schema.typed.place import Place
from pywebllm.schema.typed.values import Number

from .keywords import Schema

__all__ = ["read_number"]

_INT32 = 2**31

# Without a bound a number has at most 15 digits, or one more than its other bound. So a bound that
# is farther away, such as the largest float, only excludes what is not written anyway.
_FARTHEST = Decimal(10**50)


def read_number(keywords: Schema, place: Place, *, is_integer: bool) -> Number:
    """Read the keywords that limit numbers.

    Raises:
        InvalidRequestError: No number fits, or `format` or `multipleOf` is not supported.
    """
    _check_format(keywords, place)
    low, excludes_low = _tighter(keywords, "minimum", "exclusiveMinimum", max)
    high, excludes_high = _tighter(keywords, "maximum", "exclusiveMaximum", min)
    if low is not None and low < -_FARTHEST:
        low, excludes_low = None, False
    if high is not None and high > _FARTHEST:
        high, excludes_high = None, False
    _check_far(low, place)
    _check_far(None if high is None else -high, place)
    found = Number(
        low=low, high=high, excludes_low=excludes_low, excludes_high=excludes_high, place=place
    )
    if is_integer or "multipleOf" in keywords:
        found = _stepped(found, keywords)
    if _is_empty(found):
        raise place.error(
            "no number fits the bounds", advice="Change minimum, maximum or multipleOf."
        )
    return found


def _check_far(least: Decimal | None, place: Place) -> None:
    if least is not None and least * 10 > _FARTHEST:
        raise place.error(
            "numbers of more than 50 digits are not supported",
            advice="Use smaller bounds, or a string of digits.",
        )


def _check_format(keywords: Schema, place: Place) -> None:
    # A format of strings says nothing about a number.
    format_ = keywords.get("format", "double")
    if format_ not in NUMBER_FORMATS and format_ not in FORMATS:
        raise place.error(
            f"'format': {shown(format_)} is not supported",
            advice=f"Use {', '.join(sorted(NUMBER_FORMATS))}, or minimum and maximum.",
        )


def _tighter(
    keywords: Schema,
    inclusive: str,
    exclusive: str,
    pick: Callable[[Decimal, Decimal], Decimal],
) -> tuple[Decimal | None, bool]:
    """Take the tighter of two bounds, and whether it is excluded."""
    found = _decimal(keywords.get(inclusive))
    strict = _decimal(keywords.get(exclusive))
    if found is None or strict is None:
        return (found, False) if strict is None else (strict, True)
    bound = pick(found, strict)
    return bound, bound == strict


def _decimal(value: object) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _stepped(number: Number, keywords: Schema) -> Number:
    """Limit a number to multiples of a step, between bounds that are integers."""
    step = _step(keywords, number.place)
    # Integers, as decimals would be rounded to 28 digits when they are added.
    low = None if number.low is None else math.ceil(number.low)
    high = None if number.high is None else math.floor(number.high)
    if low is not None and number.excludes_low and low == number.low:
        low += 1
    if high is not None and number.excludes_high and high == number.high:
        high -= 1
    if keywords.get("format") == "int32":
        low = -_INT32 if low is None else max(low, -_INT32)
        high = _INT32 - 1 if high is None else min(high, _INT32 - 1)
    return Number(low=_decimal(low), high=_decimal(high), step=step, place=number.place)


def _step(keywords: Schema, place: Place) -> Decimal:
    step = Decimal(str(keywords.get("multipleOf", 1)))
    _check_far(step, place)
    if step != step.to_integral_value():
        raise place.error(
            f"'multipleOf' must be an integer, got {shown(keywords['multipleOf'])}",
            advice="Leave it out, and round the number in Python.",
        )
    return Decimal(int(step))


def _is_empty(number: Number) -> bool:
    low, high = number.low, number.high
    if low is None or high is None:
        return False
    if number.step is not None:
        # The least multiple from `low` on: 7 for a low of 5 and a step of 7.
        return -(-int(low) // int(number.step)) * int(number.step) > high
    return low > high or (low == high and (number.excludes_low or number.excludes_high))
