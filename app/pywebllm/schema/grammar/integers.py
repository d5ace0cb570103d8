"""Grammars of integers between bounds, digit by digit.

At any digit the integers that are still possible are spans, one for each number of digits to come.
The next digit decides which spans are left, so no two options of a choice start alike: what
xgrammar 0.1.27 makes of options of which one is the beginning of another accepts too much.

Examples:
    >>> from pywebllm.schema.ebnf.nodes import render
    >>> from pywebllm.schema.grammar.writing import GrammarWriter
    >>> from pywebllm.schema.typed.values import Document, Nothing
    >>> tails = [Text(" to nine"), Text(" to nineteen")]
    >>> integers = IntegerRanges(tails, writer=GrammarWriter(Document(Nothing(), {})))
    >>> print(render({"number": integers.node([(8, 9), (10, 19)])}))
    number ::= "1" [0-9] " to nineteen" | [89] " to nine"
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pywebllm.schema.ebnf.nodes import Chars, Node, Text, choice, repeat, sequence

from .writer import Writer

__all__ = ["IntegerRanges", "digit"]


@dataclass(frozen=True, slots=True, order=True)
class _Span:
    """The last `length` digits of integers: from `low` to `high`, before the tail of this index.

    Of the integers from 95 to 130 two spans are left at the first digit: 95 to 99, of two digits,
    and 100 to 130, of three. After a "1" there is one: 00 to 30, of two digits.
    """

    length: int
    low: int
    high: int
    tail: int
    rest: int = 0  # the value of the digits so far, modulo the step

    def is_free(self) -> bool:
        return self.low == 0 and self.high == 10**self.length - 1


class IntegerRanges:
    """Writes integers ≥ 0, each range of them followed by a tail of its own.

    Args:
        tails: What follows the integers, one for each range.
        step: What the integers are multiples of.
        inverted: Whether they are all but these multiples instead.
        writer: Takes the rules that steps above 1 share.
    """

    def __init__(
        self, tails: Sequence[Node], *, step: int = 1, writer: Writer, inverted: bool = False
    ) -> None:
        self._tails = tails
        self._step = step
        self._writer = writer
        self._inverted = inverted

    def node(self, ranges: Sequence[tuple[int, int]]) -> Node:
        """Write the integers of these ranges, which do not overlap, without leading zeros."""
        spans = [
            _Span(
                length,
                max(low, 10 ** (length - 1) if length > 1 else 0),
                min(high, 10**length - 1),
                tail,
            )
            for tail, (low, high) in enumerate(ranges)
            for length in range(len(str(low)), len(str(high)) + 1)
            if low <= high
        ]
        return self._written(frozenset(spans))

    def _written(self, spans: frozenset[_Span]) -> Node:
        if self._step == 1 and spans and all(span.is_free() for span in spans):
            lengths, tails = _both(spans)
            if len(tails) == 1 and max(lengths) - min(lengths) + 1 == len(lengths):
                digits = repeat(digit(0, 9), min(lengths), max(lengths))
                return sequence(digits, self._tails[tails.pop()])
        options = [self._tails[span.tail] for span in spans if span.length == 0]
        options += [
            sequence(_one_of(digits), self._shared(left)) for left, digits in self._next(spans)
        ]
        return choice(*options)

    def _shared(self, spans: frozenset[_Span]) -> Node:
        if self._step == 1:
            return self._written(spans)
        key = ("multiples", self._step, self._inverted, spans)
        name = f"multiple_of_{self._step}"
        return self._writer.shared(key, lambda: self._written(spans), name=name)

    def _next(self, spans: frozenset[_Span]) -> Iterator[tuple[frozenset[_Span], list[int]]]:
        """Group the digits that may come next by the spans that they leave."""
        groups: dict[frozenset[_Span], list[int]] = {}
        for number in range(10):
            left = frozenset(self._after(spans, number))
            if left:
                groups.setdefault(left, []).append(number)
        yield from groups.items()

    def _after(self, spans: frozenset[_Span], number: int) -> Iterator[_Span]:
        """Take the spans that are left after a digit.

        In 100 to 130, of three digits, a "1" stands for 100: it leaves 0 to 30, of two digits. A
        "2" would leave -100 to -70, of which nothing is ≥ 0.
        """
        for span in spans:
            if span.length == 0:
                continue
            place = 10 ** (span.length - 1)
            low = max(span.low - number * place, 0)
            high = min(span.high - number * place, place - 1)
            rest = (span.rest + number * place) % self._step
            if low <= high and (span.length > 1 or bool(rest) is self._inverted):
                yield _Span(span.length - 1, low, high, span.tail, rest)


def digit(first: int, last: int) -> Node:
    """Write one digit out of a range."""
    return Text(str(first)) if first == last else Chars(((ord("0") + first, ord("0") + last),))


def _one_of(digits: Sequence[int]) -> Node:
    """Write one of these digits, which are in order."""
    if len(digits) == 1:
        return Text(str(digits[0]))
    spans: list[tuple[int, int]] = []
    for code in (ord("0") + number for number in digits):
        if spans and code == spans[-1][1] + 1:
            spans[-1] = (spans[-1][0], code)
        else:
            spans.append((code, code))
    return Chars(tuple(spans))


def _both(spans: frozenset[_Span]) -> tuple[set[int], set[int]]:
    return {span.length for span in spans}, {span.tail for span in spans}
