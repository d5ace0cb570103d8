r"""Regular expressions of `pattern`, read into nodes whose characters are those of the value.

The subset is the one on which Python, JavaScript and Rust agree: characters and their escapes,
`.`, classes, `\d \w \s` and their opposites, groups, `|`, greedy and lazy quantifiers, and `^`
and `$` at the ends of a branch. A pattern that is not anchored may match anywhere in the string, as
JSON Schema requires. Where dialects differ in the characters that match, only those are written
that match in all of them: `\d \w \s` and their opposites are ASCII. A class may have all characters
beyond ASCII, as `[^,]` does, or up to 256 of them. No class can exclude U+2028 and U+2029 alone, so
`.` accepts these two: they match it in Python and Rust, but not in JavaScript.

Examples:
    >>> from pywebllm.schema.ebnf.nodes import render
    >>> print(render({"root": read_regex(r"^(\d{3}|[a-c]+)x?$")}))
    root ::= ([0-9]{3} | [a-c]+) [x]?
"""

from __future__ import annotations

from pywebllm.schema.ebnf.charset import ALL, NOT_NEWLINE, of_text
from pywebllm.schema.ebnf.nodes import Chars, Node, choice, repeat, sequence

from .classes import RegexError, Scanner, read_class, read_escape

__all__ = ["RegexError", "read_regex"]

_MOST_REPEATS = 10_000
_MOST_DIGITS = 9
_MOST_DEPTH = 50  # of groups in groups
_ANYTHING = repeat(Chars(ALL))


def read_regex(pattern: str) -> Node:
    """Read a pattern.

    Raises:
        RegexError: It does not parse, or is outside the subset.
    """
    scanner = Scanner(pattern)
    branches = [_branch(scanner)]
    while scanner.skip("|"):
        branches.append(_branch(scanner))
    if scanner.peek():
        raise RegexError("a ')' has no '('")
    return choice(*branches)


def _branch(scanner: Scanner) -> Node:
    """Read one branch of the whole pattern, with its anchors."""
    start = scanner.skip("^")
    inner = _pieces(scanner)
    end = scanner.skip("$")
    if scanner.peek() not in ("", "|", ")"):
        raise RegexError("'^' and '$' are only supported at the ends of the pattern")
    return sequence(*(() if start else (_ANYTHING,)), inner, *(() if end else (_ANYTHING,)))


def _alternatives(scanner: Scanner) -> Node:
    branches = [_pieces(scanner)]
    while scanner.skip("|"):
        branches.append(_pieces(scanner))
    return choice(*branches)


def _pieces(scanner: Scanner) -> Node:
    pieces: list[Node] = []
    while scanner.peek() not in ("", "|", ")", "^", "$"):
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
        return Chars(NOT_NEWLINE)
    if char in "*+?{}":
        raise RegexError(f"{char!r} must be escaped, or follow what it repeats")
    found = of_text(char)
    if not found:
        raise RegexError("a lone surrogate is not a character")
    return Chars(found)


def _group(scanner: Scanner) -> Node:
    if scanner.skip("?"):
        _group_name(scanner)
    scanner.depth += 1
    if scanner.depth > _MOST_DEPTH:
        raise RegexError(f"groups are nested more than {_MOST_DEPTH} deep")
    inner = _alternatives(scanner)
    scanner.depth -= 1
    if scanner.peek() in ("^", "$"):
        raise RegexError("'^' and '$' are only supported at the ends of the pattern")
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
