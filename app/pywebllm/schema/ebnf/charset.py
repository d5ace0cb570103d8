r"""Sets of characters as sorted ranges of code points, and how JSON spells them inside a string.

Surrogates belong to no set: alone they are not characters, and a grammar works on whole characters.
Beyond ASCII a class of the engine knows only all characters or none (`Chars`), so a set with some
of them is written as a list, and can hold only a few.

Examples:
    >>> union(DIGIT, of_text("a"))
    ((48, 57), (97, 97))
    >>> from pywebllm.schema.ebnf.nodes import render
    >>> print(render({"char": spelled(of_text('ab"'))}))
    char ::= [ab] | "\\\""
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from .nodes import Chars, Node, Text, choice, sequence

__all__ = [
    "ALL",
    "ASCII",
    "DIGIT",
    "NOT_NEWLINE",
    "SPACE",
    "WORD",
    "Ranges",
    "complement",
    "escaped",
    "intersection",
    "is_writable",
    "of_text",
    "spelled",
    "unescaped",
    "union",
]

Ranges: TypeAlias = tuple[tuple[int, int], ...]

_HIGHEST = 0x10FFFF
_BEFORE_SURROGATES, _AFTER_SURROGATES = 0xD7FF, 0xE000
_FIRST_PLAIN = 0x20  # JSON writes characters below it only as escapes

ALL: Ranges = ((0, _BEFORE_SURROGATES), (_AFTER_SURROGATES, _HIGHEST))
ASCII: Ranges = ((0, 0x7F),)


def union(*sets: Ranges) -> Ranges:
    """Join sets, without the surrogates in them."""
    merged: list[tuple[int, int]] = []
    for first, last in sorted(span for ranges in sets for span in ranges):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return intersection(tuple(merged), ALL)


def intersection(left: Ranges, right: Ranges) -> Ranges:
    """Take the characters in both sets."""
    found = ((max(first, low), min(last, high)) for first, last in left for low, high in right)
    return tuple(sorted((first, last) for first, last in found if first <= last))


def complement(ranges: Ranges) -> Ranges:
    """Take every character that is not in the set."""
    gaps, start = [], 0
    for first, last in sorted(ranges):
        gaps.append((start, first - 1))
        start = max(start, last + 1)
    gaps.append((start, _HIGHEST))
    return intersection(tuple(gap for gap in gaps if gap[0] <= gap[1]), ALL)


def of_text(chars: Iterable[str]) -> Ranges:
    """Take the set of these characters."""
    return union(tuple((ord(char), ord(char)) for char in chars))


DIGIT = of_text("0123456789")
WORD = union(((ord("A"), ord("Z")), (ord("a"), ord("z")), (ord("_"), ord("_"))), DIGIT)
SPACE = of_text(" \t\n\r\f\v")
NOT_NEWLINE = complement(of_text("\n\r"))

_BEYOND = complement(ASCII)
_MOST_LISTED = 256


def is_writable(ranges: Ranges) -> bool:
    """Return whether a grammar can express a set."""
    beyond = intersection(ranges, _BEYOND)
    return beyond == _BEYOND or sum(last - first + 1 for first, last in beyond) <= _MOST_LISTED


def spelled(ranges: Ranges) -> Node:
    """Write one character of a set as `json.dumps(…, ensure_ascii=False)` writes it."""
    return choice(unescaped(ranges), escaped(ranges))


def unescaped(ranges: Ranges) -> Node:
    """Write one character of a set that stands for itself; `NOTHING` when there is none."""
    assert is_writable(ranges)
    plain = complement(((0, _FIRST_PLAIN - 1), *of_text('"\\')))
    return choice(*_raw(intersection(ranges, plain)))


def escaped(ranges: Ranges) -> Node:
    """Write one character of a set that needs a backslash; `NOTHING` when there is none."""
    short = [_SHORT[code] for code in _SHORT if _has(ranges, code)]
    long = [code for code in range(_FIRST_PLAIN) if code not in _SHORT and _has(ranges, code)]
    after = choice(
        *([_one_of(short)] if short else ()),
        *(_hexadecimal(high, [code for code in long if code >> 4 == high]) for high in (0, 1)),
    )
    return sequence(Text("\\"), after)


# Control characters and the like that JSON has a short escape for.
_SHORT = {ord(char): escape for char, escape in zip('"\\\b\f\n\r\t', '"\\bfnrt', strict=True)}


def _raw(ranges: Ranges) -> list[Node]:
    beyond = intersection(ranges, _BEYOND)
    if beyond == _BEYOND:
        return [Chars(ranges)]
    listed = [Text(chr(code)) for first, last in beyond for code in range(first, last + 1)]
    found = intersection(ranges, ASCII)
    if not found:
        return [*listed]
    first, last = found[0]
    single = len(found) == 1 and first == last
    return [Text(chr(first)) if single else Chars(found), *listed]


def _has(ranges: Ranges, code: int) -> bool:
    return any(first <= code <= last for first, last in ranges)


def _one_of(chars: list[str]) -> Node:
    return Text(chars[0]) if len(chars) == 1 else Chars(of_text(chars))


def _hexadecimal(high: int, codes: list[int]) -> Node:
    if not codes:
        return choice()
    return sequence(Text(f"u00{high}"), _one_of([f"{code & 15:x}" for code in codes]))
