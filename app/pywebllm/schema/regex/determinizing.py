"""From the nodes of a pattern to an automaton, with anchors anywhere.

Examples:
    >>> from pywebllm.schema.ebnf.nodes import choice, sequence
    >>> found = automaton(sequence(Chars(((97, 97),)), choice(END, Chars(((98, 98),)))))
    >>> [text for text in ("a", "ab", "abb") if found.accepts(text)]
    ['a', 'ab']
"""

from __future__ import annotations

from collections.abc import Iterable

from pywebllm.schema.ebnf.charset import ALL, Ranges, complement, intersection, of_text
from pywebllm.schema.ebnf.nodes import Chars, Choice, Node, Repeat, Sequence, Text, choice, sequence

from .automaton import MOST_STATES, Automaton, minimal, numbered
from .classes import RegexError

__all__ = ["END", "START", "Allowance", "automaton", "of_strings"]

# Nothing stands before the one, or after the other. No character has these codes.
START, END = Chars(((-1, -1),)), Chars(((-2, -2),))

_LINE_FEED = of_text("\n")


class Allowance:
    """How many states may be made before several are merged into one: for one pattern in all."""

    def __init__(self) -> None:
        self._left = 20 * MOST_STATES

    def take(self) -> None:
        """Count one state.

        Raises:
            RegexError: It is one too many.
        """
        self._left -= 1
        if self._left < 0:
            raise RegexError("it has too many states")


def automaton(node: Node, *, wide: bool = False, allowance: Allowance | None = None) -> Automaton:
    """Make the automaton of a node, in which `START` and `END` may stand anywhere.

    Args:
        node: What the strings consist of.
        wide: Whether a line feed may follow `END`, as it may in Python.
        allowance: Shared by the automata of one pattern; None: one of its own.

    Raises:
        RegexError: It would have too many states.
    """
    return _Builder(allowance or Allowance(), wide=wide).build(node)


def of_strings(texts: Iterable[str]) -> Automaton:
    """Make the automaton of some strings."""
    return automaton(choice(*(sequence(*(Chars(of_text(c)) for c in text)) for text in texts)))


class _Builder:
    """Makes an automaton of which a string may be in several states, then one without these."""

    def __init__(self, allowance: Allowance, *, wide: bool) -> None:
        self._allowance = allowance
        self._wide = wide
        self._moves: list[list[tuple[Ranges, int]]] = []
        # Steps without a character: at any place, at the start only, at the end only.
        self._free: list[list[int]] = []
        self._at_start: list[list[int]] = []
        self._at_end: list[list[int]] = []

    def build(self, node: Node) -> Automaton:
        start, end = self._state(), self._state()
        self._add(node, start, end)
        used = {ranges for moves in self._moves for ranges, _ in moves}
        classes = _classes(used)
        members = {
            ranges: [at for at, one in enumerate(classes) if intersection(one, ranges)]
            for ranges in used
        }

        def after(state: frozenset[int]) -> Iterable[frozenset[int]]:
            targets: list[set[int]] = [set() for _ in classes]
            for inner in state:
                for ranges, target in self._moves[inner]:
                    for at in members[ranges]:
                        targets[at].add(target)
            return map(self._closed, targets)

        # The closure at the start is a state of its own: an anchor is passed only there.
        first = self._closed({start}, starts=True) | {-1}
        steps, numbers = numbered(first, lambda state: after(state - {-1}))
        accepting = frozenset(
            number
            for state, number in numbers.items()
            if end in self._closed(state - {-1}, starts=-1 in state, ends=True)
        )
        return minimal(Automaton(classes, steps, accepting))

    def _state(self) -> int:
        self._allowance.take()
        for table in (self._free, self._at_start, self._at_end):
            table.append([])
        self._moves.append([])
        return len(self._moves) - 1

    def _closed(
        self, states: Iterable[int], *, starts: bool = False, ends: bool = False
    ) -> frozenset[int]:
        found: set[int] = set()
        open_ = list(states)
        while open_:
            state = open_.pop()
            if state not in found:
                found.add(state)
                open_ += self._free[state]
                open_ += self._at_start[state] if starts else ()
                open_ += self._at_end[state] if ends else ()
        return frozenset(found)

    def _add(self, node: Node, start: int, end: int) -> None:
        match node:
            case _ if node in (START, END):
                self._anchor(node, start, end)
            case Chars(ranges):
                self._moves[start].append((ranges, end))
            case Text(""):
                self._free[start].append(end)
            case Text(text):
                self._add(sequence(*(Chars(of_text(char)) for char in text)), start, end)
            case Sequence(parts):
                self._row(parts, start, end)
            case Choice(options):
                self._options(options, start, end)
            case Repeat(part, least, most):
                self._repeat(part, least, most, start, end)

    def _options(self, options: Iterable[Node], start: int, end: int) -> None:
        for option in options:
            self._add(option, start, end)

    def _anchor(self, node: Node, start: int, end: int) -> None:
        table = self._at_start if node == START else self._at_end
        table[start].append(end)
        if node == END and self._wide:
            after = self._state()
            self._moves[start].append((_LINE_FEED, after))
            table[after].append(end)

    def _row(self, parts: Iterable[Node], start: int, end: int) -> None:
        for part in parts:
            after = self._state()
            self._add(part, start, after)
            start = after
        self._free[start].append(end)

    def _repeat(self, part: Node, least: int, most: int | None, start: int, end: int) -> None:
        for _ in range(least):
            after = self._state()
            self._add(part, start, after)
            start = after
        if most is None:
            loop, after = self._state(), self._state()
            self._free[start].append(loop)
            self._add(part, loop, after)
            self._free[after].append(loop)
            start = loop
        for _ in range(least, most or least):
            self._free[start].append(end)
            after = self._state()
            self._add(part, start, after)
            start = after
        self._free[start].append(end)


def _classes(sets: Iterable[Ranges]) -> tuple[Ranges, ...]:
    """Cut all characters into classes, each inside or outside of every set."""
    found: list[Ranges] = [ALL]
    for one in sets:
        rest = complement(one)
        cut = [(intersection(part, one), intersection(part, rest)) for part in found]
        found = [part for pair in cut for part in pair if part]
    return tuple(found)
