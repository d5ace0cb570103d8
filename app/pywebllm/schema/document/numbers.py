"""The keywords of numbers: bounds, `multipleOf` and `format`.

Examples:
    >>> number = read_number({"exclusiveMinimum": 2.5, "maximum": 9}, Place(), is_integer=True)
    >>> number == Number(low=Decimal(3), high=Decimal(9), step=Decimal(1))
    True
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from pywebllm.schema.typed.formats import INTEGER_FORMATS
from pywebllm.schema.typed.place import Place
from pywebllm.schema.typed.values import Number

from .joins import of_steps
from .keywords import Schema

__all__ = ["read_number"]

# Without a bound a number has at most 15 digits, or one more than its other bound. So a bound that
# is farther away, such as the largest float, only excludes what is not written anyway.
_FARTHEST = Decimal(10**50)


def read_number(keywords: Schema, place: Place, *, is_integer: bool) -> Number:
    """Read the keywords that limit numbers.

    Raises:
        InvalidRequestError: No number fits, or a bound has too many digits.
    """
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
    excluded: Any = keywords.get("not", {})
    if excluded.get("integer"):
        return _fractional(found, keywords, is_integer=is_integer)
    if is_integer or "multipleOf" in keywords:
        found = _stepped(found, _step(keywords, place, is_integer=is_integer), keywords)
    if excluded.get("step"):
        found = _unstepped(found, excluded["step"])
    if _is_empty(found):
        raise place.error(
            "no number fits the bounds", advice="Change minimum, maximum or multipleOf."
        )
    return found


def _fractional(number: Number, keywords: Schema, *, is_integer: bool) -> Number:
    if is_integer or "multipleOf" in keywords or number.low is not None or number.high is not None:
        raise number.place.error(
            "numbers within bounds that are no integers cannot be expressed in a grammar",
            advice="Leave out the bounds, or allow integers.",
        )
    return replace(number, is_fractional=True)


def _unstepped(number: Number, steps: Sequence[int]) -> Number:
    if number.step != 1 or steps[1:]:
        raise number.place.error(
            "multiples of one number that are none of another cannot be expressed in a grammar",
            advice="Leave one of them out, and check the answer in Python.",
        )
    return replace(number, excluded_step=steps[0])


def _check_far(least: Decimal | None, place: Place) -> None:
    if least is not None and least * 10 > _FARTHEST:
        raise place.error(
            "numbers of more than 50 digits are not supported",
            advice="Use smaller bounds, or a string of digits.",
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


def _stepped(number: Number, step: Decimal, keywords: Schema) -> Number:
    """Limit a number to multiples of a step; for a whole one the bounds become integers."""
    if step != step.to_integral_value():
        return replace(number, step=step)
    # Integers, as decimals would be rounded to 28 digits when they are added.
    low = None if number.low is None else math.ceil(number.low)
    high = None if number.high is None else math.floor(number.high)
    if low is not None and number.excludes_low and low == number.low:
        low += 1
    if high is not None and number.excludes_high and high == number.high:
        high -= 1
    for name in _formats(keywords):
        least, most = INTEGER_FORMATS.get(name, (None, None))
        low = least if low is None or (least is not None and least > low) else low
        high = most if high is None or (most is not None and most < high) else high
    return Number(low=_decimal(low), high=_decimal(high), step=step, place=number.place)


def _formats(keywords: Schema) -> tuple[str, ...]:
    given: Any = keywords.get("format", ())
    return (given,) if isinstance(given, str) else tuple(given)


def _step(keywords: Schema, place: Place, *, is_integer: bool) -> Decimal:
    given: Any = keywords.get("multipleOf", 1)
    found = Decimal(str(of_steps(1, given) if is_integer else given))
    _check_far(found, place)
    return Decimal(int(found)) if found == found.to_integral_value() else found


def _is_empty(number: Number) -> bool:
    low, high = number.low, number.high
    if low is None or high is None:
        return False
    if number.step is not None and number.step == number.step.to_integral_value():
        # The least multiple from `low` on: 7 for a low of 5 and a step of 7.
        return -(-int(low) // int(number.step)) * int(number.step) > high
    return low > high or (low == high and (number.excludes_low or number.excludes_high))
