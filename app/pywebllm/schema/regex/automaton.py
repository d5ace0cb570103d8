"""Sets of strings as deterministic automata, which can be intersected and complemented.

Examples:
    >>> from pywebllm.schema.regex.determinizing import automaton
    >>> from pywebllm.schema.regex.reading import read_regex
    >>> names = automaton(read_regex("^[a-c]{1,2}$")) & ~automaton(read_regex("^b"))
    >>> [text for text in ("a", "ab", "b", "abc") if names.accepts(text)]
    ['a', 'ab']
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from pywebllm.schema.ebnf.charset import ALL, Ranges, intersection

from .classes import RegexError

__all__ = ["MOST_STATES", "Automaton", "minimal", "numbered", "of_lengths"]

_State = TypeVar("_State")

MOST_STATES = 600


@dataclass(frozen=True, slots=True)
class Automaton:
    """A set of strings.

    Attributes:
        classes: Disjoint sets of characters that together are all characters.
        steps: For each state the next one for each class; a string starts in state 0.
        accepting: The states in which a string may end.
    """

    classes: tuple[Ranges, ...]
    steps: tuple[tuple[int, ...], ...]
    accepting: frozenset[int]

    def __invert__(self) -> Automaton:
        """Take all other strings."""
        rest = frozenset(range(len(self.steps))) - self.accepting
        return Automaton(self.classes, self.steps, rest)

    def __and__(self, other: Automaton) -> Automaton:
        """Take the strings in both."""
        return self.intersected(other)

    def intersected(self, other: Automaton, *, most: int = MOST_STATES) -> Automaton:
        """Take the strings in both.

        Raises:
            RegexError: There are more than `most` states before they are joined.
        """
        classes, pairs = _common(self.classes, other.classes)

        def after(state: tuple[int, int]) -> Iterable[tuple[int, int]]:
            left, right = self.steps[state[0]], other.steps[state[1]]
            return ((left[ours], right[theirs]) for ours, theirs in pairs)

        steps, numbers = numbered((0, 0), after, most=most)
        accepting = frozenset(
            number
            for (left, right), number in numbers.items()
            if left in self.accepting and right in other.accepting
        )
        return minimal(Automaton(classes, steps, accepting))

    def __or__(self, other: Automaton) -> Automaton:
        """Take the strings in either."""
        return ~(~self & ~other)

    def accepts(self, text: str) -> bool:
        """Return whether a string is in the set."""
        state = 0
        for char in text:
            at = next((at for at, one in enumerate(self.classes) if _has(one, ord(char))), None)
            if at is None:  # a lone surrogate
                return False
            state = self.steps[state][at]
        return state in self.accepting

    def is_empty(self) -> bool:
        """Return whether no string is in the set."""
        return not self.accepting.intersection(numbered(0, lambda at: self.steps[at])[1])

    def live(self) -> frozenset[int]:
        """Take the states from which a string may still end."""
        found, size = set(self.accepting), -1
        while len(found) != size:
            size = len(found)
            found |= {at for at, row in enumerate(self.steps) if not found.isdisjoint(row)}
        return frozenset(found)


def of_lengths(least: int, most: int | None) -> Automaton:
    """Make the automaton of all strings of some length.

    Raises:
        RegexError: It would have too many states.
    """
    last = least if most is None else most + 1
    if last > MOST_STATES:
        raise RegexError("its length has too many states")
    steps = tuple((min(at + 1, last),) for at in range(last + 1))
    ends = range(least, last + 1 if most is None else last)
    return Automaton((ALL,), steps, frozenset(ends))


def numbered(
    first: _State, after: Callable[[_State], Iterable[_State]], *, most: int = MOST_STATES
) -> tuple[tuple[tuple[int, ...], ...], dict[_State, int]]:
    """Number all states that can be reached, and list where each leads to.

    Raises:
        RegexError: There are too many.
    """
    numbers = {first: 0}
    open_ = [first]
    steps: list[tuple[int, ...]] = []
    for state in open_:
        row = []
        for target in after(state):
            if target not in numbers:
                if len(numbers) >= most:
                    raise RegexError("it has too many states")
                numbers[target] = len(numbers)
                open_.append(target)
            row.append(numbers[target])
        steps.append(tuple(row))
    return tuple(steps), numbers


def minimal(given: Automaton) -> Automaton:
    """Join the states after which the same strings may follow (Hopcroft's algorithm)."""
    rest = set(range(len(given.steps))) - given.accepting
    groups: list[set[int]] = [set(one) for one in (given.accepting, rest) if one]
    group_of = {state: at for at, group in enumerate(groups) for state in group}
    before = _inverse(given)
    open_ = {(at, char) for at in range(len(groups)) for char in range(len(given.classes))}
    while open_:
        at, char = open_.pop()
        touched: dict[int, set[int]] = {}
        for state in groups[at]:
            for source in before[char].get(state, ()):
                touched.setdefault(group_of[source], set()).add(source)
        for other, members in touched.items():
            if len(members) == len(groups[other]):
                continue
            groups[other] -= members
            small, large = sorted((members, groups[other]), key=len)
            groups[other] = large
            groups.append(small)
            group_of.update(dict.fromkeys(small, len(groups) - 1))
            open_ |= {(len(groups) - 1, letter) for letter in range(len(given.classes))}
    return _joined(given, group_of)


def _inverse(given: Automaton) -> list[dict[int, list[int]]]:
    found: list[dict[int, list[int]]] = [{} for _ in given.classes]
    for state, row in enumerate(given.steps):
        for char, target in enumerate(row):
            found[char].setdefault(target, []).append(state)
    return found


def _joined(given: Automaton, group_of: dict[int, int]) -> Automaton:
    """Make the automaton whose states are groups, numbered in the order in which they are met."""
    member = {group: state for state, group in group_of.items()}
    steps, numbers = numbered(
        group_of[0],
        lambda group: [group_of[to] for to in given.steps[member[group]]],
        most=len(member),
    )
    accepting = (numbers.get(group_of[at]) for at in given.accepting)
    return Automaton(given.classes, steps, frozenset(at for at in accepting if at is not None))


def _common(
    left: tuple[Ranges, ...], right: tuple[Ranges, ...]
) -> tuple[tuple[Ranges, ...], list[tuple[int, int]]]:
    """Cut two partitions of the characters into one, with the class of each that it is in."""
    found: dict[tuple[int, int], Ranges] = {}
    for ours, one in enumerate(left):
        for theirs, other in enumerate(right):
            both = intersection(one, other)
            if both:
                found[ours, theirs] = both
    return tuple(found.values()), list(found)


def _has(ranges: Ranges, code: int) -> bool:
    return any(first <= code <= last for first, last in ranges)
