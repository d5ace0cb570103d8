"""The nodes of a grammar, and their text in xgrammar's EBNF.

Nodes are built by the functions here, which keep them simple: `NOTHING`, which no text fits, is
dropped from a choice and makes a sequence `NOTHING`. So a contradiction in a schema becomes a
grammar without texts, instead of one that the engine cannot complete.

Examples:
    >>> digits = repeat(Chars(((ord("0"), ord("9")),)), 1, 3)
    >>> print(render({"root": sequence(Text("#"), choice(digits, Text("none"), NOTHING))}))
    root ::= "#" ([0-9]{1,3} | "none")
    >>> sequence(Text("a"), NOTHING) == NOTHING
    True
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

__all__ = [
    "EMPTY",
    "NOTHING",
    "Ahead",
    "Blank",
    "Chars",
    "Choice",
    "Node",
    "Repeat",
    "Rule",
    "Sequence",
    "Text",
    "choice",
    "optional",
    "render",
    "repeat",
    "sequence",
]


@dataclass(frozen=True, slots=True)
class Text:
    """A literal: exactly this text."""

    text: str


@dataclass(frozen=True, slots=True)
class Chars:
    """One character out of these ranges of code points, both ends included.

    A class of xgrammar 0.1.27, which WebLLM 0.2.86 includes, is wrong about characters beyond ASCII
    unless it is a negated one, which accepts them all. So a set that is rendered must hold all of
    them or none; the tests' parser of grammars refuses others.
    """

    ranges: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Sequence:
    """All the parts, in this order."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the options."""

    options: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """The part, `least` to `most` times; None: unbounded."""

    part: Node
    least: int
    most: int | None


@dataclass(frozen=True, slots=True)
class Rule:
    """What the rule of this name accepts."""

    name: str


@dataclass(frozen=True, slots=True)
class Blank:
    """The empty text, as a rule between others, so that the engine does not join these."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """The whole of a rule, and what certainly follows it.

    By that xgrammar judges tokens that go over the end of the rule. It does not change which texts
    the rule accepts.
    """

    part: Node
    ahead: tuple[Chars | Repeat, ...]


Node: TypeAlias = Text | Chars | Sequence | Choice | Repeat | Rule | Blank | Ahead

EMPTY = Text("")
NOTHING = Choice(())


def sequence(*parts: Node) -> Node:
    """Put parts after each other; adjacent texts become one."""
    flat: list[Node] = []
    for part in _flat_parts(parts):
        if part == NOTHING:
            return NOTHING
        last = flat[-1] if flat else None
        if isinstance(part, Text) and isinstance(last, Text):
            flat[-1] = Text(last.text + part.text)
        elif part != EMPTY:
            flat.append(part)
    if len(flat) == 1:
        return flat[0]
    return Sequence(tuple(flat)) if flat else EMPTY


def choice(*options: Node) -> Node:
    """Offer options; equal ones count once."""
    flat: dict[Node, None] = {}
    for option in options:
        inner = option.options if isinstance(option, Choice) else (option,)
        flat.update(dict.fromkeys(inner))
    return next(iter(flat)) if len(flat) == 1 else Choice(tuple(flat))


def repeat(part: Node, least: int = 0, most: int | None = None) -> Node:
    """Repeat a part `least` to `most` times; None: unbounded."""
    if most is not None and most < least:
        return NOTHING
    if most == 0 or part == EMPTY:
        return EMPTY
    if part == NOTHING:
        return EMPTY if least == 0 else NOTHING
    return part if least == most == 1 else Repeat(part, least, most)


def optional(part: Node) -> Node:
    """Make a part optional."""
    return repeat(part, 0, 1)


def render(rules: Mapping[str, Node]) -> str:
    """Write the grammar: one line for each rule, in the order of the mapping."""
    return "".join(f"{name} ::= {_choice(node)}\n" for name, node in rules.items())


def _flat_parts(parts: Iterable[Node]) -> Iterable[Node]:
    for part in parts:
        if isinstance(part, Sequence):
            yield from part.parts
        else:
            yield part


def _choice(node: Node) -> str:
    if isinstance(node, Ahead):
        return f"{_choice(node.part)} (= {' '.join(map(_atom, node.ahead))})"
    if isinstance(node, Choice):
        return " | ".join(map(_sequence, node.options))
    return _sequence(node)


def _sequence(node: Node) -> str:
    if isinstance(node, Sequence):
        return " ".join(map(_atom, node.parts))
    return _atom(node)


def _atom(node: Node) -> str:
    match node:
        case Text(text):
            return _text(text)
        case Chars(ranges):
            return _class(ranges)
        case Rule(name):
            return name
        case Blank():
            return '""'
        case Repeat(part, least, most):
            inner = f"({_atom(part)})" if isinstance(part, Repeat) else _atom(part)
            return inner + _times(least, most)
        case _:
            return f"({_choice(node)})"


def _text(text: str) -> str:
    # xgrammar 0.1.27 stores é as \xe9 and parses that again, with the hexadecimal digits that come
    # next: a literal with "éc" would mean another letter. So it is split before such a digit.
    pieces = [f'"{piece.translate(_IN_TEXT)}"' for piece in _BEFORE_A_DIGIT.split(text)]
    return pieces[0] if len(pieces) == 1 else f"({' '.join(pieces)})"


def _times(least: int, most: int | None) -> str:
    match (least, most):
        case (0, None):
            return "*"
        case (1, None):
            return "+"
        case (0, 1):
            return "?"
        case (_, None):
            return f"{{{least},}}"
        case _:
            return f"{{{least}}}" if least == most else f"{{{least},{most}}}"


def _class(ranges: tuple[tuple[int, int], ...]) -> str:
    if ranges[-1][1] < _ASCII_END:
        return "[" + "".join(map(_range, ranges)) + "]"
    starts = [0, *(last + 1 for first, last in ranges if last < _ASCII_END)]
    ends = [first - 1 for first, _ in ranges if first <= _ASCII_END]
    gaps = [gap for gap in zip(starts, ends, strict=True) if gap[0] <= gap[1]]
    return "[^" + "".join(map(_range, gaps)) + "]"


def _range(span: tuple[int, int]) -> str:
    first, last = span
    if first == last:
        return _in_class(first)
    return _in_class(first) + ("-" if last > first + 1 else "") + _in_class(last)


def _in_class(code: int) -> str:
    # Letters, digits, space and other safe characters stay readable; the rest is written by number,
    # which does not depend on the characters that a class treats specially.
    char = chr(code)
    if char.isascii() and (char.isalnum() or char in " !#$%&'()*+,./:;<=>?@_`{|}~"):
        return char
    return f"\\u{code:04X}" if code < 1 << 16 else f"\\U{code:08X}"


_ASCII_END = 0x80

_BEFORE_A_DIGIT = re.compile("(?<=[\x80-\xff])(?=[0-9A-Fa-f])")

# A literal is JSON text, whose control characters are escaped; EBNF treats these two specially.
_IN_TEXT = str.maketrans({'"': '\\"', "\\": "\\\\"})
