"""Grammars for digits between two bounds.

A bound is walked along digit by digit. While the digits written are those of the bound it is
tight and limits the next digit; the first other digit makes all that follow free.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from .ebnf import EMPTY, Chars, Node, Text, choice, repeat, sequence

__all__ = ["MOST_DIGITS", "Multiples", "fraction", "whole"]

# Before and after the point. More would not survive the double precision of most JSON readers.
MOST_DIGITS: Final = 15


class RuleFactory(Protocol):
    """Puts a node into a rule of its own, once for each key."""

    def __call__(self, key: str, build: Callable[[], Node], *, name: str) -> Node:
        """Give the rule."""
        ...


@dataclass(frozen=True, slots=True)
class Multiples:
    """Numbers that `step` divides.

    `rule` is needed for steps above 1: equal tails are written once.
    """

    step: int
    rule: RuleFactory | None = None

    def tail(self, count: int, rest: int) -> Node:
        """Write `count` free digits that bring the remainder `rest` to zero."""
        if self.step == 1:
            return repeat(_digit(0, 9), count, count)
        if count == 0:
            return EMPTY if rest == 0 else choice()
        name = f"multiple_of_{self.step}_{count}_{rest}"
        assert self.rule is not None
        return self.rule(name, lambda: self._tail(count, rest), name=name)

    def after(self, rest: int, digit: int, place: int) -> int:
        """Take the remainder after a digit with `place` digits behind it."""
        return (rest + digit * pow(10, place, self.step)) % self.step

    def _tail(self, count: int, rest: int) -> Node:
        groups: dict[int, list[int]] = {}
        for digit in range(10):
            groups.setdefault(self.after(rest, digit, count - 1), []).append(digit)
        return choice(
            *(sequence(_any_of(group), self.tail(count - 1, r)) for r, group in groups.items())
        )


def whole(low: int, high: int, multiples: Multiples) -> Node:
    """Write the whole numbers from `low` to `high`, both ≥ 0, without leading zeros."""
    options, free = [], []
    for length in range(len(str(low)), len(str(high)) + 1):
        first = max(low, 10 ** (length - 1) if length > 1 else 0)
        last = min(high, 10**length - 1)
        if length > 1 and multiples.step == 1 and last - first == 9 * 10 ** (length - 1) - 1:
            free.append(length)
        else:
            options.append(_same_length(str(first), str(last), 0, multiples))
    if free:
        digits = repeat(_digit(0, 9), free[0] - 1, free[-1] - 1)
        options.append(sequence(_digit(1, 9), digits))
    return choice(*options)


def _same_length(low: str, high: str, rest: int, multiples: Multiples) -> Node:
    """Write the numbers between two texts of one length."""
    if not low:
        return multiples.tail(0, rest)
    behind = len(low) - 1
    if low == "0" * len(low) and high == "9" * len(high):
        return multiples.tail(len(low), rest)
    options = []
    for first, last in _bands(int(low[0]), int(high[0]), low[1:], high[1:]):
        below = low[1:] if first == int(low[0]) else "0" * behind
        above = high[1:] if last == int(high[0]) else "9" * behind
        options += [
            sequence(_any_of(group), _same_length(below, above, r, multiples))
            for r, group in _by_rest(first, last, rest, behind, multiples)
        ]
    return choice(*options)


def _bands(low: int, high: int, below: str, above: str) -> Iterator[tuple[int, int]]:
    """Cut the next digit's range where what follows is limited differently."""
    if low < high and below.strip("0"):
        yield low, low
        low += 1
    if low < high and above.strip("9"):
        if low <= high - 1:
            yield low, high - 1
        low = high
    yield low, high


def _by_rest(
    first: int, last: int, rest: int, behind: int, multiples: Multiples
) -> Iterator[tuple[int, list[int]]]:
    groups: dict[int, list[int]] = {}
    for digit in range(first, last + 1):
        groups.setdefault(multiples.after(rest, digit, behind), []).append(digit)
    yield from groups.items()


@dataclass(frozen=True, slots=True)
class _Bound:
    digits: str
    exclusive: bool


def fraction(
    low: str | None, high: str | None, *, above: bool, below: bool, most: int = MOST_DIGITS
) -> Node:
    """Write `.` and the digits of fractions between two, or nothing where 0 is one of them.

    Args:
        low: The digits of the least fraction, without trailing zeros; None is no bound.
        high: The same for the greatest.
        above: Whether the least is left out itself.
        below: Whether the greatest is left out itself.
        most: How many digits may be written.
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
    """Write the digits from `at` on; bounds that are given are tight."""
    if low is None and high is None:
        return repeat(_digit(0, 9), 0 if started else 1, most - at)
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
        yield sequence(_digit(first, last), inner)


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
    """Tell whether an inclusive lower bound limits nothing behind this digit."""
    return low is not None and not low.exclusive and at + 1 >= len(low.digits)


def _may_end(at: int, low: _Bound | None, high: _Bound | None) -> bool:
    if low is not None and (low.exclusive or low.digits[at:].strip("0")):
        return False
    return high is None or not high.exclusive or bool(high.digits[at:].strip("0"))


def _digit(first: int, last: int) -> Node:
    return Text(str(first)) if first == last else Chars(((ord("0") + first, ord("0") + last),))


def _any_of(digits: list[int]) -> Node:
    if len(digits) == 1:
        return Text(str(digits[0]))
    spans: list[tuple[int, int]] = []
    for code in (ord("0") + digit for digit in digits):
        if spans and code == spans[-1][1] + 1:
            spans[-1] = (spans[-1][0], code)
        else:
            spans.append((code, code))
    return Chars(tuple(spans))
