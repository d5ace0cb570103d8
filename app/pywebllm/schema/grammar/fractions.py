"""Grammars of the fractions between two bounds.

A bound is followed digit by digit. While the digits written are those of the bound, it is tight
and limits the next digit; the first other digit makes all that follow free.

Examples:
    >>> from pywebllm.schema.ebnf.nodes import render
    >>> print(render({"tail": fraction("25", None, above=False, below=False, most=3)}))
    tail ::= "." ("2" ("5" [0-9]? | [6-9] [0-9]?) | [3-9] [0-9]{0,2})
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pywebllm.schema.ebnf.nodes import EMPTY, Node, Text, choice, repeat, sequence

from .integers import digit

__all__ = ["MOST_DIGITS", "fraction"]

# Before and after the point. More would be lost in the double precision of most JSON parsers.
MOST_DIGITS: Final = 15


@dataclass(frozen=True, slots=True)
class _Bound:
    digits: str
    exclusive: bool


def fraction(
    low: str | None, high: str | None, *, above: bool, below: bool, most: int = MOST_DIGITS
) -> Node:
    """Write `.` and the digits of fractions between two, or nothing where 0 is one of them.

    Args:
        low: The digits of the least fraction, without trailing zeros; None: unbounded.
        high: The same for the greatest.
        above: Whether the least is excluded itself.
        below: Whether the greatest is excluded itself.
        most: The most digits.
    """
    least = None if low is None or (not low and not above) else _Bound(low, above)
    greatest = None if high is None else _Bound(high, below)
    digits = _fraction(0, least, greatest, most, started=False)
    may_end = _may_end(0, least, greatest)
    some = sequence(Text("."), digits)
    return choice(EMPTY, some) if may_end else some


def _fraction(
    at: int, low: _Bound | None, high: _Bound | None, most: int, *, started: bool
) -> Node:
    """Write the digits from the index `at` on; bounds that are given are tight."""
    if low is None and high is None:
        return repeat(digit(0, 9), 0 if started else 1, most - at)
    options: list[Node] = [EMPTY] if started and _may_end(at, low, high) else []
    if at < most:
        options += _next_digits(at, low, high, most)
    return choice(*options)


def _next_digits(at: int, low: _Bound | None, high: _Bound | None, most: int) -> Iterator[Node]:
    least = 0 if low is None else _at(low, at)
    greatest = 9 if high is None else _at(high, at)
    for first, last in _cuts(
        least, greatest, tight_low=low is not None, tight_high=high is not None
    ):
        tight_low = low if first == least and not _is_free(low, at) else None
        tight_high = high if last == greatest else None
        inner = _fraction(at + 1, tight_low, tight_high, most, started=True)
        yield sequence(digit(first, last), inner)


def _cuts(low: int, high: int, *, tight_low: bool, tight_high: bool) -> Iterator[tuple[int, int]]:
    if low > high:
        return
    if tight_low and low < high:
        yield low, low
        low += 1
    if tight_high and low < high:
        yield low, high - 1
        low = high
    yield low, high


def _at(bound: _Bound, at: int) -> int:
    return int(bound.digits[at]) if at < len(bound.digits) else 0


def _is_free(low: _Bound | None, at: int) -> bool:
    """Return whether an inclusive lower bound limits nothing after this digit."""
    return low is not None and not low.exclusive and at + 1 >= len(low.digits)


def _may_end(at: int, low: _Bound | None, high: _Bound | None) -> bool:
    if low is not None and (low.exclusive or low.digits[at:].strip("0")):
        return False
    return high is None or not high.exclusive or bool(high.digits[at:].strip("0"))
