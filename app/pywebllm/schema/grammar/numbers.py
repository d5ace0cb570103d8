"""Integers and numbers: their bounds in a schema, and the grammar of what lies between.

An integer without bounds has at most 15 digits. A number is written without an exponent, with at
most 15 digits on either side of its point, and fewer behind it near large bounds: two texts that
differ then stay two numbers in double precision, so `exclusiveMinimum` holds after reading too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from pywebllm.errors import InvalidRequestError
from pywebllm.schema.document.place import Place
from pywebllm.schema.ebnf.nodes import EMPTY, NOTHING, Node, Text, choice, sequence

from .formats import FORMATS, NUMBER_FORMATS
from .fractions import MOST_DIGITS, fraction
from .integers import WholeNumbers
from .writer import Writer

__all__ = ["integer_node", "number_node"]

_HIGHEST = 10**MOST_DIGITS - 1
_MOST_LISTED = 500  # so many multiples are simply listed
_MOST_RULES = 2000  # a grammar with more takes the engine seconds
_INT32 = 2**31


@dataclass(frozen=True, slots=True)
class _Range:
    """Bounds of a number; None is none."""

    low: Decimal | None = None
    high: Decimal | None = None
    above: bool = False  # the number must be greater than `low`
    below: bool = False  # and less than `high`


def integer_node(schema: Mapping[str, object], place: Place, writer: Writer) -> Node:
    """Write the integers that fit a schema.

    Raises:
        InvalidRequestError: None fits, or `multipleOf` is one that no small grammar knows.
    """
    _check_format(schema, place)
    low, high = _whole_bounds(_range(schema))
    if schema.get("format") == "int32":
        low, high = max(low, -_INT32), min(high, _INT32 - 1)
    step = _step(schema, place)
    first, last = -(-low // step) * step, high // step * step
    if first > last:
        raise _nothing_between(place)
    if step > 1 and (last - first) // step < _MOST_LISTED:
        return choice(*(Text(str(number)) for number in range(first, last + 1, step)))
    if step > 1 and _rules_for(step) > _MOST_RULES:
        raise place.error(
            f"'multipleOf': {step} has too many remainders for a grammar",
            advice=f"Bound the integer so that at most {_MOST_LISTED} fit, or leave it out.",
        )
    numbers = WholeNumbers([EMPTY], step=step, writer=writer)
    return choice(
        numbers.node([(max(low, 0), high)]) if high >= 0 else NOTHING,
        sequence(Text("-"), numbers.node([(max(-high, 1), -low)])) if low < 0 else NOTHING,
    )


def number_node(schema: Mapping[str, object], place: Place, writer: Writer) -> Node:
    """Write the numbers that fit a schema.

    Raises:
        InvalidRequestError: None fits, or a bound or `multipleOf` is too fine.
    """
    if "multipleOf" in schema:
        return integer_node(schema, place, writer)
    _check_format(schema, place)
    bounds = _range(schema)
    if bounds.low is not None and bounds.high is not None and not _fits_some(bounds):
        raise _nothing_between(place)
    most = _fraction_digits(bounds, place)
    negative = bounds.low is None or bounds.low < 0
    return choice(
        _unsigned(bounds, most, writer),
        sequence(Text("-"), _unsigned(_mirrored(bounds), most, writer)) if negative else NOTHING,
    )


def _check_format(schema: Mapping[str, object], place: Place) -> None:
    # A format of strings says nothing about a number.
    format_ = schema.get("format", "double")
    if format_ not in NUMBER_FORMATS and format_ not in FORMATS:
        raise place.error(
            f"'format': {format_!r} is not supported",
            advice=f"Use {', '.join(sorted(NUMBER_FORMATS))}, or minimum and maximum.",
        )


def _mirrored(bounds: _Range) -> _Range:
    low = None if bounds.high is None else -bounds.high
    high = None if bounds.low is None else -bounds.low
    return _Range(low, high, above=bounds.below, below=bounds.above)


def _unsigned(bounds: _Range, most: int, writer: Writer) -> Node:
    """Write the numbers between bounds that are ≥ 0."""
    if bounds.high is not None and (bounds.high < 0 or (bounds.high == 0 and bounds.below)):
        return NOTHING
    if bounds.low is None or bounds.low < 0:
        bounds = replace(bounds, low=Decimal(0), above=False)
    assert bounds.low is not None
    low_whole, low_digits = _split(bounds.low)
    if bounds.high is None:
        high_whole, high_digits = max(_HIGHEST, 10 ** len(str(low_whole)) - 1), None
    else:
        high_whole, high_digits = _split(bounds.high)
    if low_whole == high_whole:
        tail = fraction(low_digits, high_digits, above=bounds.above, below=bounds.below, most=most)
        return sequence(Text(str(low_whole)), tail)
    # The whole parts at both ends limit the fraction; those between do not.
    tails = [
        fraction(low_digits, None, above=bounds.above, below=False, most=most),
        fraction(None, None, above=False, below=False, most=most),
        fraction(None, high_digits, above=False, below=bounds.below, most=most),
    ]
    ends_low, ends_high = bool(low_digits) or bounds.above, high_digits is not None
    between = (low_whole + ends_low, high_whole - ends_high)
    ranges = [
        (low_whole, low_whole) if ends_low else (1, 0),
        between,
        (high_whole, high_whole) if ends_high else (1, 0),
    ]
    return WholeNumbers(tails, writer=writer).node(ranges)


def _split(number: Decimal) -> tuple[int, str]:
    """Cut a number ≥ 0 at its point; the fraction's digits come without trailing zeros."""
    before, _, behind = format(number, "f").partition(".")
    return int(before), behind.rstrip("0")


def _range(schema: Mapping[str, object]) -> _Range:
    low, above = _tighter(schema, "minimum", "exclusiveMinimum", max)
    high, below = _tighter(schema, "maximum", "exclusiveMaximum", min)
    return _Range(low, high, above, below)


def _tighter(
    schema: Mapping[str, object],
    inclusive: str,
    exclusive: str,
    pick: Callable[[Decimal, Decimal], Decimal],
) -> tuple[Decimal | None, bool]:
    found = _decimal(schema.get(inclusive))
    strict = _decimal(schema.get(exclusive))
    if found is None or strict is None:
        return (found, False) if strict is None else (strict, True)
    bound = pick(found, strict)
    return bound, bound == strict


def _decimal(value: object) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _whole_bounds(bounds: _Range) -> tuple[int, int]:
    low = None if bounds.low is None else math.ceil(bounds.low)
    high = None if bounds.high is None else math.floor(bounds.high)
    if low is not None and bounds.above and low == bounds.low:
        low += 1
    if high is not None and bounds.below and high == bounds.high:
        high -= 1
    # A single bound beyond the usual digits moves the other one along.
    if low is None:
        low = -_HIGHEST if high is None else min(-_HIGHEST, 10 * high)
    return low, max(_HIGHEST, 10 * low) if high is None else high


def _step(schema: Mapping[str, object], place: Place) -> int:
    step = _decimal(schema.get("multipleOf", 1))
    if step is None or step != step.to_integral_value():
        raise place.error(
            f"'multipleOf': only whole numbers can be honoured, got {step}",
            advice="Leave it out, and round what comes back.",
        )
    return int(step)


def _rules_for(step: int) -> int:
    return step // math.gcd(step, 10) * MOST_DIGITS


def _fits_some(bounds: _Range) -> bool:
    assert bounds.low is not None
    assert bounds.high is not None
    if bounds.low == bounds.high:
        return not (bounds.above or bounds.below)
    return bounds.low < bounds.high


def _fraction_digits(bounds: _Range, place: Place) -> int:
    given = [abs(bound) for bound in (bounds.low, bounds.high) if bound is not None]
    # Beyond so many digits a number next to the bound is read as the bound itself.
    excluded = [
        abs(bound)
        for bound, strict in ((bounds.low, bounds.above), (bounds.high, bounds.below))
        if bound is not None and strict
    ]
    most = MOST_DIGITS
    for bound in given:
        before, digits = _split(bound)
        room = MOST_DIGITS - len(str(before))
        if len(digits) > max(room, 0) or (room < 0 and bound in excluded):
            raise place.error(
                f"the bound {bound} has more than {MOST_DIGITS} digits",
                advice="Round it, or use minimum and maximum.",
            )
        most = min(most, room)
    return max(most, 1, *(len(_split(bound)[1]) for bound in given), 1)


def _nothing_between(place: Place) -> InvalidRequestError:
    return place.error("no number fits the bounds", advice="Mend minimum, maximum or multipleOf.")
