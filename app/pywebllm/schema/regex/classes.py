r"""Escapes and character classes of regular expressions.

Examples:
    >>> read_class(Scanner("a-c0]"))
    ((48, 48), (97, 99))
    >>> read_escape(Scanner("d"))
    ((48, 57),)
"""

from __future__ import annotations

from dataclasses import dataclass
from string import hexdigits
from types import MappingProxyType

from pywebllm.schema.ebnf.charset import (
    ALL,
    ASCII,
    DIGIT,
    SPACE,
    WORD,
    Ranges,
    complement,
    intersection,
    is_writable,
    union,
)

__all__ = ["RegexError", "Scanner", "read_class", "read_escape"]


class RegexError(ValueError):
    """The pattern does not parse, or a grammar cannot express it."""


class Scanner:
    """A position in a pattern.

    Attributes:
        depth: How many groups it is in.
        wide: Whether a class has all characters that are in it in any dialect, instead of those
            that are in it in all of them.
    """

    def __init__(self, pattern: str, *, wide: bool = False) -> None:
        self.depth = 0
        self.wide = wide
        self._pattern = pattern
        self._at = 0

    def peek(self, count: int = 1) -> str:
        """Look at the next characters; fewer at the end."""
        return self._pattern[self._at : self._at + count]

    def take(self, count: int = 1) -> str:
        """Read the next characters.

        Raises:
            RegexError: Fewer are left.
        """
        taken = self._pattern[self._at : self._at + count]
        if len(taken) < count:
            raise RegexError("it ends too early")
        self._at += count
        return taken

    def skip(self, text: str) -> bool:
        """Read this text if it comes next."""
        if not self._pattern.startswith(text, self._at):
            return False
        self._at += len(text)
        return True


@dataclass(frozen=True, slots=True)
class _Set:
    """What all dialects agree is in a set, and what all agree is not."""

    members: Ranges
    others: Ranges


def _exactly(ranges: Ranges) -> _Set:
    return _Set(ranges, complement(ranges))


def _shorthand(ranges: Ranges) -> tuple[_Set, _Set]:
    # Dialects disagree beyond ASCII, and Python counts U+001C…U+001F as white space.
    rest = intersection(ASCII, complement((*ranges, (0x1C, 0x1F))))
    return _Set(ranges, rest), _Set(rest, ranges)


_SHORTHANDS = MappingProxyType(
    {
        letter: found
        for letters, ranges in (("dD", DIGIT), ("wW", WORD), ("sS", SPACE))
        for letter, found in zip(letters, _shorthand(ranges), strict=True)
    }
)
_CONTROLS = MappingProxyType({"t": "\t", "n": "\n", "r": "\r", "f": "\f", "v": "\v", "0": "\0"})
_HEX_LENGTHS = MappingProxyType({"x": 2, "u": 4})


def read_escape(scanner: Scanner) -> Ranges:
    r"""Read what follows a backslash outside a class.

    Raises:
        RegexError: It is not a character or class of characters: `\b`, `\1`, `\p{…}` and such.
    """
    found = _escape(scanner)
    return complement(found.others) if scanner.wide else found.members


def read_class(scanner: Scanner) -> Ranges:
    """Read a class after its `[`, up to and including its `]`.

    Raises:
        RegexError: It does not parse, or no character is in it.
    """
    negated = scanner.skip("^")
    items: list[_Set] = []
    if scanner.peek() == "]":
        raise RegexError("']' must be escaped at the start of a class")
    while not scanner.skip("]"):
        items.append(_item(scanner))
    members = _outside(items) if negated else union(*(item.members for item in items))
    if scanner.wide:
        inside = union(*(item.members for item in items))
        return complement(inside) if negated else complement(_outside(items))
    if not members:
        raise RegexError("a class has no character")
    if not is_writable(members):
        raise RegexError("a class has many characters beyond ASCII, but not all of them")
    return members


def _outside(items: list[_Set]) -> Ranges:
    left = ALL
    for item in items:
        left = intersection(left, item.others)
    return left


def _item(scanner: Scanner) -> _Set:
    first = _class_char(scanner)
    if scanner.peek() != "-":
        return first
    scanner.take()
    if scanner.peek() == "]":
        return _Set(
            union(first.members, _exactly(((ord("-"), ord("-")),)).members),
            intersection(first.others, complement(((ord("-"), ord("-")),))),
        )
    low, high = _one(first), _one(_class_char(scanner))
    if low > high:
        raise RegexError("a range in a class goes backwards")
    return _exactly(union(((low, high),)))


def _class_char(scanner: Scanner) -> _Set:
    char = scanner.take()
    if char == "\\":
        return _escape(scanner)
    if char == "[" or (char in "&~|-" and scanner.peek() == char):
        raise RegexError(f"{char!r} must be escaped in a class")
    return _exactly(_char(ord(char)))


def _one(found: _Set) -> int:
    if len(found.members) != 1 or found.members[0][0] != found.members[0][1]:
        raise RegexError("a range in a class needs single characters at its ends")
    return found.members[0][0]


def _escape(scanner: Scanner) -> _Set:
    char = scanner.take()
    if char in _SHORTHANDS:
        return _SHORTHANDS[char]
    if char in _CONTROLS:
        if char == "0" and scanner.peek().isdigit():
            raise RegexError("octal escapes are not supported")
        return _exactly(_char(ord(_CONTROLS[char])))
    if char in _HEX_LENGTHS:
        return _exactly(_char(_hexadecimal(scanner.take(_HEX_LENGTHS[char]))))
    if char.isalnum():
        raise RegexError(f"'\\{char}' is not supported")
    return _exactly(_char(ord(char)))


def _hexadecimal(digits: str) -> int:
    # `int` alone would accept signs, spaces, underscores and the digits of other scripts.
    if not all(digit in hexdigits for digit in digits):
        raise RegexError(f"{digits!r} is not a hexadecimal number")
    return int(digits, 16)


def _char(code: int) -> Ranges:
    found = union(((code, code),))
    if not found:
        raise RegexError("a lone surrogate is not a character")
    return found
