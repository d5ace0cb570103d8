"""How large a grammar is for the engine, which cannot be interrupted while it compiles one.

The size is about that of the automaton: bounded repeats are written out, and multiply when they are
nested. At the bound, xgrammar 0.1.27, which WebLLM 0.2.86 includes, takes up to 4 s with
vocabularies of 4,000 to 128,000 tokens (measured in Node.js 20).

Examples:
    >>> from pywebllm.schema.ebnf.nodes import Chars, Text, repeat, sequence
    >>> digit = Chars(((ord("0"), ord("9")),))
    >>> size_of_rules({"root": repeat(sequence(digit, Text("-")), 0, 10)})
    50
    >>> size_of_text('root ::= ([0-9] "-"){0,10}')
    50
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from .nodes import Ahead, Blank, Chars, Choice, Node, Repeat, Rule, Sequence, Text

__all__ = [
    "ADVICE",
    "MOST",
    "PROBLEM",
    "TooLargeError",
    "check_node",
    "classes_in",
    "size_of_rules",
    "size_of_text",
]

MOST = 20_000
"""The size of the largest grammar that is sent to the engine: it takes a few seconds to compile."""

PROBLEM = "the grammar would be too large for the engine"
ADVICE = "Lower or remove bounds of repeats, which multiply where repeats are nested."

_CLASS = 4  # the engine compares each token of the vocabulary with it
_LONG_TEXT = 16  # characters of a literal that count as one unit
_LONG_REPEAT = 256  # of one class of characters; the engine writes no more of them out
_HUGE = 10**9

_TOKEN = re.compile(
    r"""\s+ | \#[^\n]*
    | (?P<rule>[\w.-]+\s*::=)
    | "(?P<text>(?:[^"\\]|\\.)*)"
    | (?P<chars>\[(?:[^\]\\]|\\.)*\])
    | \{\s*(?P<least>\d+)\s*(?P<comma>,)?\s*(?P<most>\d*)\s*\}
    | (?P<open>\() | (?P<close>\))
    | (?P<name>[\w.-]+)
    | .""",
    re.VERBOSE | re.DOTALL,
)


class TooLargeError(Exception):
    """A part of a grammar is too large, so the grammar is too."""


def check_node(node: Node) -> None:
    """Check that a node is not too large, while the work with it still takes little time.

    Raises:
        TooLargeError: It is.
    """
    if _size(node, {}) > MOST:
        raise TooLargeError


def classes_in(node: Node) -> int:
    """Count the classes of characters in a node, each as often as a repeat at least writes it."""
    match node:
        case Chars():
            return 1
        case Sequence(parts) | Choice(parts):
            return sum(map(classes_in, parts))
        case Repeat(part, least, most):
            return classes_in(part) * max(1, min(least if most is None else most, _LONG_REPEAT))
        case _:
            return 0


def size_of_rules(rules: Mapping[str, Node]) -> int:
    """Return the size of a grammar. Nodes that are shared are visited once, but count each time."""
    sizes: dict[int, int] = {}
    return sum(_size(node, sizes) for node in rules.values())


def size_of_text(grammar: str) -> int:
    """Return the size of a grammar in xgrammar's EBNF; of an invalid one, any number."""
    groups = [0]
    last = 0  # the size of the last part, which a repeat may follow
    is_class = False
    for token in _TOKEN.finditer(grammar):
        kind = token.lastgroup
        if kind is None:
            continue  # white space and operators: `*`, `+` and `?` write nothing out
        if kind in ("comma", "least", "most"):
            last += last * (_times(token, is_class=is_class) - 1)
            continue
        if kind == "close":
            last, is_class = groups.pop() + last, False
            groups = groups or [0]
            continue
        groups[-1] += last
        is_class = kind == "chars"
        if kind == "open":
            groups.append(0)
        last = _atom_size(kind, token)
    return sum(groups) + last


def _atom_size(kind: str, token: re.Match[str]) -> int:
    match kind:
        case "text":
            return _text_size(token["text"])
        case "chars":
            return _CLASS
        case "name":
            return 1
        case _:
            return 0


def _times(token: re.Match[str], *, is_class: bool) -> int:
    digits = token["most"] or token["least"]
    times = int(digits) if len(digits) < len(str(_HUGE)) else _HUGE
    return _written_out(times, is_class=is_class)


def _size(node: Node, sizes: dict[int, int]) -> int:
    found = sizes.get(id(node))
    if found is None:
        found = sizes[id(node)] = _new_size(node, sizes)
    return found


def _new_size(node: Node, sizes: dict[int, int]) -> int:
    match node:
        case Text(text):
            return _text_size(text)
        case Chars():
            return _CLASS
        case Rule() | Blank():
            return 1
        case Ahead(part, _):  # what is ahead makes no states
            return _size(part, sizes)
        case Sequence(parts) | Choice(parts):
            return sum(_size(part, sizes) for part in parts)
        case Repeat(part, least, most):
            times = least if most is None else most
            return _size(part, sizes) * _written_out(times, is_class=isinstance(part, Chars))


def _text_size(text: str) -> int:
    return 1 + len(text) // _LONG_TEXT


def _written_out(times: int, *, is_class: bool) -> int:
    return max(1, min(times, _LONG_REPEAT) if is_class else times)
