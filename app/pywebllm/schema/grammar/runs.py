r"""Up to so many characters of one set, in the form that costs the engine least.

For each position in a class of characters xgrammar looks at all tokens of the vocabulary once, when
it reads the grammar. A token that goes over the end of a rule it looks at again each time the model
writes there, since what follows depends on the rules around. So neither a position for each
character is cheap, nor one rule for all.

Here a rule for one character says what may certainly follow it: 47 more characters of the set, or
15, 11 and so on down to none near the end. Tokens of no more characters are decided once, when the
grammar is read, wherever the rule stands. What counts is made of rules without characters, which
are cheap: eight, eight times eight, and so on.

The engine must not move the rule of one character into those around, and must find one reference to
it only, or it does not rely on what follows. So it stands between two references to an empty rule.

All that is for xgrammar 0.1.27, which WebLLM 0.2.86 includes. With a vocabulary of 128,256 tokens
and up to 500 characters, an answer of 62 tokens takes 0.5 s in all; as blocks of characters it took
7 s, and as `[…]{0,500}` 9 s (measured in Node.js 20). Where the bridge counts, see `lengths`, no
run is bounded.

Examples:
    >>> from pywebllm.schema import grammar_of
    >>> rules = grammar_of({"type": "string", "pattern": "^[a-z]{0,16}$"}).splitlines()
    >>> [rule for rule in rules if rule.startswith(("char ", "gap ", "one "))]
    ['gap ::= ""', 'char ::= gap one gap | last', 'one ::= [a-z] (= [a-z] [a-z] [a-z])']
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pywebllm.schema.ebnf.charset import (
    ASCII,
    Ranges,
    complement,
    escaped,
    intersection,
    is_writable,
    of_text,
    unescaped,
    union,
)
from pywebllm.schema.ebnf.nodes import (
    EMPTY,
    NOTHING,
    Ahead,
    Blank,
    Chars,
    Node,
    Repeat,
    Sequence,
    choice,
    optional,
    repeat,
    sequence,
)

from .writer import Writer

__all__ = ["Run", "bounded_run", "character", "gap", "read_run"]

# How many more characters may certainly follow one that is farther from the end.
_AHEAD = (47, 15, 11, 7, 5, 3)
# From these on the rules are worth it: of characters in a run, and of those in the set.
_SHORTEST = 16
_SMALLEST = 12
_EIGHT = 8
_CONTROLS: Ranges = ((0, 0x1F),)


@dataclass(frozen=True, slots=True)
class Run:
    """`least` to `most` characters of a set, each of which may have one of `before` before it."""

    ranges: Ranges
    before: Ranges
    least: int
    most: int


def read_run(node: Repeat) -> Run | None:
    """Take a repeat for a run, when it is best written as `bounded_run` does."""
    if node.most is None or node.most - node.least < _SHORTEST:
        return None
    match node.part:
        case Chars(ranges):
            before: Ranges = ()
        case Sequence((Repeat(Chars(before), 0, 1), Chars(ranges))):
            pass
        case _:
            return None
    plain = unescaped(ranges)
    if not isinstance(plain, Chars) or (before and escaped(before) != NOTHING):
        return None
    is_large = sum(last - first + 1 for first, last in plain.ranges) >= _SMALLEST
    return Run(ranges, before, node.least, node.most) if is_large else None


def bounded_run(run: Run, writer: Writer) -> Node:
    """Write a run."""
    return _Writer(run, writer).node(run.least, run.most)


def gap(writer: Writer) -> Node:
    """Write the empty text as a rule, which keeps the rules around it apart."""
    return writer.shared("gap", Blank, name="gap")


def character(ranges: Ranges, ahead: int, writer: Writer) -> Node:
    """Write one character of a set that `unescaped` writes as one class.

    Args:
        ranges: The set.
        ahead: How many more characters of it may certainly follow: 0, 3, 5, 7, 11, 15 or 47.
        writer: Writes the rules.
    """
    return _Writer(Run(ranges, (), 1, 1), writer).one(ahead)


class _Writer:
    """Writes the runs of one set of characters, which share their rules."""

    def __init__(self, run: Run, writer: Writer) -> None:
        plain = unescaped(run.ranges)
        assert isinstance(plain, Chars)
        self._key = run.ranges, run.before
        self._ranges = run.ranges
        self._before = run.before
        self._plain = plain
        self._writer = writer
        # What follows a run begins with another character. JSON has no raw control characters.
        ends = complement(union(plain.ranges, _CONTROLS))
        if not is_writable(ends):
            ends = intersection(ends, ASCII)
        self._ahead = (Repeat(plain, 0, None), Chars(union(ends, of_text('"\\'))))

    def node(self, least: int, most: int) -> Node:
        parts: list[Node] = []
        while least:
            ahead = _ahead(most)
            count = min(least, most - ahead)
            parts.append(self._exactly(count, ahead))
            least, most = least - count, most - count
        return sequence(*parts, self._up_to(most))

    def _exactly(self, count: int, ahead: int) -> Node:
        found: list[Node] = []
        level = 0
        while count:
            count, digit = divmod(count, _EIGHT)
            found.append(repeat(self._full(level, ahead), digit, digit))
            level += 1
        return sequence(*found)

    def _up_to(self, most: int) -> Node:
        if not most:
            return EMPTY
        return self._shared("run", lambda: self._fewer(most), most)

    def _fewer(self, most: int) -> Node:
        """Write up to so many characters, single ones first and eights of eights after them."""
        ahead = _ahead(most)
        node, count, level = self._up_to(ahead), most - ahead, 0
        while count:
            count, digit = divmod(count, _EIGHT)
            for _ in range(digit):
                node = self._either(level, ahead, node)
            level += 1
            if digit and count:
                node = self._writer.rule(node, name="run")
        return node

    def _either(self, level: int, ahead: int, node: Node) -> Node:
        """Write 8ˡᵉᵛᵉˡ characters and a node after them, or fewer characters and nothing."""
        full = sequence(self._full(level, ahead), node)
        return choice(full, self._less(level, ahead)) if level else optional(full)

    def _full(self, level: int, ahead: int) -> Node:
        """Write 8ˡᵉᵛᵉˡ characters."""
        if not level:
            return self.one(ahead)
        inner = self._full(level - 1, ahead)
        return self._shared("full", lambda: repeat(inner, _EIGHT, _EIGHT), level, ahead)

    def _less(self, level: int, ahead: int) -> Node:
        """Write fewer than 8ˡᵉᵛᵉˡ characters."""
        if not level:
            return EMPTY

        def build() -> Node:
            node = self._less(level - 1, ahead)
            for _ in range(_EIGHT - 1):
                node = self._either(level - 1, ahead, node)
            return node

        return self._shared("less", build, level, ahead)

    def one(self, ahead: int) -> Node:
        """Write one character, after which `ahead` more may follow."""
        if not ahead:
            return self._last()

        def build() -> Node:
            known = Ahead(self._plain, (self._plain,) * ahead)
            one = self._writer.rule(known, name="one")
            return choice(sequence(gap(self._writer), one, gap(self._writer)), self._last())

        return self._shared("char", build, ahead)

    def _last(self) -> Node:
        """Write one character, of which nothing is known but what ends the run."""
        return self._shared("last", lambda: Ahead(choice(*self._options()), self._ahead))

    def _options(self) -> Iterator[Node]:
        plain = sequence(self._plain, gap(self._writer))
        yield plain
        if self._before:
            yield sequence(unescaped(self._before), plain)
        escape = escaped(self._ranges)
        if escape != NOTHING:
            key = "escape of", self._ranges
            yield self._writer.shared(key, lambda: escape, name="escape")

    def _shared(self, name: str, build: Callable[[], Node], *key: int) -> Node:
        return self._writer.shared((name, self._key, *key), build, name=name)


def _ahead(most: int) -> int:
    """Return how many characters may certainly follow the first of so many."""
    return next((ahead for ahead in _AHEAD if most > ahead), 0)
