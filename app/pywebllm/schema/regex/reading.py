r"""Regular expressions of `pattern`, read into nodes whose characters are those of the value.

The subset is the one on which Python, JavaScript and Rust agree: characters and their escapes,
`.`, classes, `\d \w \s` and their opposites, groups, `|`, greedy and lazy quantifiers, `^` and
`$`, and look-aheads after a `^` at the start. A pattern that is not anchored may match anywhere in
the string, as JSON Schema requires. Where dialects differ in the characters that match, only those
are written that match in all of them: `\d \w \s` and their opposites are ASCII. A class may have
all characters beyond ASCII, as `[^,]` does, or up to 256 of them. No class can exclude U+2028 and
U+2029 alone, so `.` accepts these two: they match it in Python and Rust, but not in JavaScript.

Examples:
    >>> from pywebllm.schema.ebnf.nodes import render
    >>> print(render({"root": read_regex(r"^(\d{3}|[a-c]+)x?$")}))
    root ::= ([0-9]{3} | [a-c]+) [x]?
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from pywebllm.schema.ebnf.charset import ALL, NOT_NEWLINE, complement, of_text
from pywebllm.schema.ebnf.nodes import (
    NOTHING,
    Chars,
    Choice,
    Node,
    Repeat,
    Sequence,
    choice,
    repeat,
    sequence,
)

from .automaton import Automaton
from .classes import RegexError, Scanner, read_class, read_escape
from .determinizing import END, START, Allowance, automaton
from .eliminating import node_of

__all__ = ["RegexError", "language_of", "read_regex"]

_MOST_REPEATS = 10_000
_MOST_DIGITS = 9
_MOST_DEPTH = 50  # of groups in groups
_ANYTHING = repeat(Chars(ALL))
_NOT_LINE_FEED, _NOT_LINE_END = Chars(complement(of_text("\n"))), Chars(NOT_NEWLINE)


@dataclass(frozen=True, slots=True)
class _Ahead:
    """A look-ahead: how a string must start, or must not."""

    node: Node
    negated: bool


@dataclass(frozen=True, slots=True)
class _Branch:
    """A branch of the whole pattern, without what it looks ahead to."""

    node: Node
    aheads: tuple[_Ahead, ...] = ()

    def plain(self) -> Node | None:
        """Write the strings that match; None when it has anchors inside, or look-aheads."""
        parts = self.node.parts if isinstance(self.node, Sequence) else (self.node,)
        start, end = parts[:1] == (START,), parts[-1:] == (END,)
        inner = parts[start : len(parts) - end]
        if self.aheads or any(map(_is_anchored, inner)):
            return None
        return sequence(*(() if start else (_ANYTHING,)), *inner, *(() if end else (_ANYTHING,)))


def read_regex(pattern: str) -> Node:
    """Read a pattern as a node of the strings that match it.

    Raises:
        RegexError: It does not parse, is outside the subset, or matches nothing.
    """
    plain = [branch.plain() for branch in _branches(Scanner(pattern))]
    known = [node for node in plain if node is not None]
    found = choice(*known) if len(known) == len(plain) else node_of(language_of(pattern))
    if found == NOTHING:
        raise RegexError("no string matches it")
    return found


@lru_cache(maxsize=128)
def language_of(pattern: str, *, wide: bool = False) -> Automaton:
    """Read a pattern as an automaton of the strings that match it.

    Args:
        pattern: A regular expression.
        wide: Whether to take the strings that match in any dialect, instead of those that match in
            all of them: what must not match a pattern must be none of these.

    Raises:
        RegexError: It does not parse, is outside the subset, or has too many states.
    """
    branches = _branches(Scanner(pattern, wide=wide))
    # What a look-ahead excludes is excluded in any dialect, and the other way round.
    opposite = _branches(Scanner(pattern, wide=not wide))
    # Of hundreds of branches, each may be small.
    allowance = Allowance()
    found = automaton(NOTHING)
    for branch, other in zip(branches, opposite, strict=True):
        one = automaton(sequence(_ANYTHING, branch.node, _ANYTHING), wide=wide, allowance=allowance)
        for ahead, against in zip(branch.aheads, other.aheads, strict=True):
            used, is_wide = (against, not wide) if ahead.negated else (ahead, wide)
            node = sequence(START, used.node, _ANYTHING)
            starts = automaton(node, wide=is_wide, allowance=allowance)
            one &= ~starts if ahead.negated else starts
        found |= one
    return found


def _branches(scanner: Scanner) -> list[_Branch]:
    found = [_branch(scanner)]
    while scanner.skip("|"):
        found.append(_branch(scanner))
    if scanner.peek():
        raise RegexError("a ')' has no '('")
    return found


def _branch(scanner: Scanner) -> _Branch:
    starts = scanner.skip("^")
    aheads = []
    while starts and (scanner.peek(3) in ("(?=", "(?!")):
        negated = scanner.take(3) == "(?!"
        aheads.append(_Ahead(_inside(scanner), negated))
    inner = _pieces(scanner)
    return _Branch(sequence(*((START,) if starts else ()), inner), tuple(aheads))


def _is_anchored(node: Node) -> bool:
    match node:
        case Sequence(parts) | Choice(parts):
            return any(map(_is_anchored, parts))
        case Repeat(part, _, _):
            return _is_anchored(part)
        case _:
            return node in (START, END)


def _alternatives(scanner: Scanner) -> Node:
    branches = [_pieces(scanner)]
    while scanner.skip("|"):
        branches.append(_pieces(scanner))
    return choice(*branches)


def _pieces(scanner: Scanner) -> Node:
    pieces: list[Node] = []
    while scanner.peek() not in ("", "|", ")"):
        pieces.append(_quantified(scanner, _atom(scanner)))
    return sequence(*pieces)


def _atom(scanner: Scanner) -> Node:
    char = scanner.take()
    if char == "(":
        return _group(scanner)
    if char == "[":
        return Chars(read_class(scanner))
    if char == "\\":
        return Chars(read_escape(scanner))
    if char == ".":
        return _NOT_LINE_FEED if scanner.wide else _NOT_LINE_END
    if char in "^$":
        return _anchor(scanner, char)
    if char in "*+?{}":
        raise RegexError(f"{char!r} must be escaped, or follow what it repeats")
    found = of_text(char)
    if not found:
        raise RegexError("a lone surrogate is not a character")
    return Chars(found)


def _anchor(scanner: Scanner, char: str) -> Node:
    if scanner.peek() in ("*", "+", "?", "{"):
        raise RegexError("'^' and '$' cannot be repeated")
    return START if char == "^" else END


def _group(scanner: Scanner) -> Node:
    if scanner.skip("?"):
        _group_name(scanner)
    return _inside(scanner)


def _inside(scanner: Scanner) -> Node:
    """Read what is in a group, up to and including its `)`."""
    scanner.depth += 1
    if scanner.depth > _MOST_DEPTH:
        raise RegexError(f"groups are nested more than {_MOST_DEPTH} deep")
    inner = _alternatives(scanner)
    scanner.depth -= 1
    if not scanner.skip(")"):
        raise RegexError("a '(' has no ')'")
    return inner


def _group_name(scanner: Scanner) -> None:
    if scanner.skip(":"):
        return
    scanner.skip("P")
    if not scanner.skip("<") or scanner.peek() in ("=", "!"):
        raise RegexError("lookarounds, flags and named references are not supported")
    while scanner.take() != ">":
        pass


def _quantified(scanner: Scanner, part: Node) -> Node:
    bounds = _bounds(scanner)
    if bounds is None:
        return part
    scanner.skip("?")  # lazy: the same strings match
    if scanner.peek() in ("*", "+", "?"):
        raise RegexError("possessive and repeated quantifiers are not supported")
    least, most = bounds
    if most is not None and most < least:
        raise RegexError("a quantifier goes backwards")
    if max(least, most or 0) > _MOST_REPEATS:
        raise RegexError(f"a quantifier is above {_MOST_REPEATS}")
    return repeat(part, least, most)


def _bounds(scanner: Scanner) -> tuple[int, int | None] | None:
    for char, bounds in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
        if scanner.skip(char):
            return bounds
    if not scanner.skip("{"):
        return None
    least = _number(scanner)
    if scanner.skip("}"):
        return least, least
    if not scanner.skip(","):
        raise RegexError("'{' must be escaped, or contain a number of repeats")
    if scanner.skip("}"):
        return least, None
    most = _number(scanner)
    if not scanner.skip("}"):
        raise RegexError("'{' must be escaped, or contain a number of repeats")
    return least, most


def _number(scanner: Scanner) -> int:
    digits = ""
    while scanner.peek() and scanner.peek() in "0123456789":
        digits += scanner.take()
    if not digits:
        raise RegexError("'{' must be escaped, or contain a number of repeats")
    # Of a longer number only its length matters: it is above `_MOST_REPEATS`.
    return int(digits.lstrip("0")[:_MOST_DIGITS] or 0)
