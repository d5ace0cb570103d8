"""Integers and numbers: the grammar of what lies between two bounds.

An integer without bounds has at most 15 digits. A number is written without an exponent, with at
most 15 digits on either side of its point, and fewer after it near large bounds: two texts that
differ then stay two numbers in double precision, so `exclusiveMinimum` holds after parsing too.

Examples:
    >>> from pywebllm.schema import grammar_of
    >>> print(grammar_of({"type": "integer", "minimum": -3, "maximum": 12}))
    root ::= integer
    integer ::= [02-9] | "1" [0-2]? | "-" [1-3]
    >>> print(grammar_of({"type": "number", "minimum": 2.5, "exclusiveMaximum": 10}))
    root ::= number
    number ::= "2." ("5" [0-9]{0,12} | [6-9] [0-9]{0,12}) | [3-9] ("." [0-9]{1,13})?
"""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal

from pywebllm.schema.ebnf.nodes import (
    EMPTY,
    NOTHING,
    Node,
    Text,
    choice,
    optional,
    repeat,
    sequence,
)
from pywebllm.schema.typed.values import Number

from .fractions import MOST_DIGITS, fraction
from .integers import IntegerRanges, digit
from .writer import Writer

__all__ = ["number_node"]

_HIGHEST = 10**MOST_DIGITS - 1
_MOST_LISTED = 500  # so many multiples are simply listed
_MOST_RULES = 2000  # the engine takes seconds to compile a grammar with more


def number_node(number: Number, writer: Writer) -> Node:
    """Write the numbers that fit.

    Raises:
        InvalidRequestError: The step has too many remainders, or a bound too many digits.
    """
    if number.step is not None and number.step == number.step.to_integral_value():
        return _multiples(number, int(number.step), writer)
    if number.is_fractional:
        whole = choice(Text("0"), sequence(digit(1, 9), repeat(digit(0, 9), 0, MOST_DIGITS - 1)))
        zeros = sequence(repeat(digit(0, 9), 0, MOST_DIGITS - 1), digit(1, 9))
        return sequence(optional(Text("-")), whole, Text("."), zeros)
    most = _fraction_digits(number)
    if number.step is not None:
        return _fractional(number, number.step, most, writer)
    return _between(number, most, writer)


def _between(number: Number, most: int, writer: Writer) -> Node:
    negative = number.low is None or number.low < 0
    return choice(
        _unsigned(number, most, writer),
        sequence(Text("-"), _unsigned(_mirrored(number), most, writer)) if negative else NOTHING,
    )


def _multiples(number: Number, step: int, writer: Writer) -> Node:
    low, high = _integer_bounds(number)
    first, last = -(-low // step) * step, high // step * step
    if first > last:
        raise number.place.error(
            "no number fits the bounds", advice="Change minimum, maximum or multipleOf."
        )
    excluded = number.excluded_step
    if excluded is not None:
        step = excluded
    elif step > 1 and (last - first) // step < _MOST_LISTED:
        return choice(*(Text(str(multiple)) for multiple in range(first, last + 1, step)))
    if step > 1 and _rules_for(step) > _MOST_RULES:
        raise number.place.error(
            f"'multipleOf': {step} has too many remainders for a grammar",
            advice=f"Bound the integer so that at most {_MOST_LISTED} fit, or leave it out.",
        )
    integers = IntegerRanges([EMPTY], step=step, writer=writer, inverted=excluded is not None)
    return choice(
        integers.node([(max(low, 0), high)]) if high >= 0 else NOTHING,
        sequence(Text("-"), integers.node([(max(-high, 1), -low)])) if low < 0 else NOTHING,
    )


def _fractional(number: Number, step: Decimal, most: int, writer: Writer) -> Node:
    """Write multiples of a step such as 0.01 or 0.25."""
    sign, digits, exponent = step.normalize().as_tuple()
    del sign
    assert isinstance(exponent, int)
    if digits == (1,):
        return _between(number, min(most, -exponent), writer)
    if number.low is not None and number.high is not None:
        first, last = math.ceil(number.low / step), math.floor(number.high / step)
        if last - first < _MOST_LISTED:
            found = [step * count for count in range(first, last + 1)]
            return choice(*(Text(_plain(one)) for one in found if _is_within(one, number)))
    raise number.place.error(
        f"'multipleOf': {step} is not a power of ten, as the grammar of fractions needs",
        advice=f"Bound the number so that at most {_MOST_LISTED} fit, or round it in Python.",
    )


def _plain(number: Decimal) -> str:
    if number == 0:
        return "0"
    found = format(number, "f")
    return found.rstrip("0").rstrip(".") if "." in found else found


def _is_within(one: Decimal, number: Number) -> bool:
    return not (number.excludes_low and one == number.low) and not (
        number.excludes_high and one == number.high
    )


def _integer_bounds(number: Number) -> tuple[int, int]:
    """Bound an integer to 15 digits on the sides on which it has no bound.

    A single bound with more digits moves the other one along: a low of 10¹⁶ allows 10¹⁷.
    """
    high = None if number.high is None else int(number.high)
    if number.low is not None:
        low = int(number.low)
    else:
        low = -_HIGHEST if high is None else min(-_HIGHEST, 10 * high)
    return low, max(_HIGHEST, 10 * low) if high is None else high


def _rules_for(step: int) -> int:
    return step // math.gcd(step, 10) * MOST_DIGITS


def _mirrored(number: Number) -> Number:
    """Change the sign of all numbers in the range."""
    return replace(
        number,
        low=None if number.high is None else -number.high,
        high=None if number.low is None else -number.low,
        excludes_low=number.excludes_high,
        excludes_high=number.excludes_low,
    )


def _unsigned(number: Number, most: int, writer: Writer) -> Node:
    """Write the numbers of a range that are ≥ 0, with at most `most` fractional digits.

    The integer part at either end limits the fraction, those between do not: from 1.25 to 3.5 go
    "1" with a fraction from .25 on, "2" with any, and "3" with one up to .5. The three are ranges
    of integers, each with a grammar of fractions as its tail.
    """
    if number.high is not None and (number.high < 0 or (number.high == 0 and number.excludes_high)):
        return NOTHING
    if number.low is None or number.low < 0:
        number = replace(number, low=Decimal(0), excludes_low=False)
    assert number.low is not None
    above, below = number.excludes_low, number.excludes_high
    low, low_digits = _split(number.low)
    if number.high is None:
        high, high_digits = max(_HIGHEST, 10 ** len(str(low)) - 1), None
    else:
        high, high_digits = _split(number.high)
    if low == high:
        tail = fraction(low_digits, high_digits, above=above, below=below, most=most)
        return sequence(Text(str(low)), tail)
    tails = [
        fraction(low_digits, None, above=above, below=False, most=most),
        fraction(None, None, above=False, below=False, most=most),
        fraction(None, high_digits, above=False, below=below, most=most),
    ]
    ends_low, ends_high = bool(low_digits) or above, high_digits is not None
    ranges = [
        (low, low) if ends_low else (1, 0),
        (low + ends_low, high - ends_high),
        (high, high) if ends_high else (1, 0),
    ]
    return IntegerRanges(tails, writer=writer).node(ranges)


def _split(number: Decimal) -> tuple[int, str]:
    """Split a number ≥ 0 at its point; the fractional digits have no trailing zeros."""
    before, _, after = format(number, "f").partition(".")
    return int(before), after.rstrip("0")


def _fraction_digits(number: Number) -> int:
    """Take the most fractional digits at which neighbors of the bounds are not rounded to them."""
    given = [abs(bound) for bound in (number.low, number.high) if bound is not None]
    # With more digits than that, a number next to an excluded bound is parsed as the bound itself.
    excluded = [
        abs(bound)
        for bound, strict in (
            (number.low, number.excludes_low),
            (number.high, number.excludes_high),
        )
        if bound is not None and strict
    ]
    most = MOST_DIGITS
    for bound in given:
        before, digits = _split(bound)
        room = MOST_DIGITS - len(str(before))
        if len(digits) > max(room, 0) or (room < 0 and bound in excluded):
            raise number.place.error(
                f"the bound {bound} has more than {MOST_DIGITS} digits",
                advice="Round it, or use minimum and maximum.",
            )
        most = min(most, room)
    return max(most, 1, *(len(_split(bound)[1]) for bound in given), 1)
