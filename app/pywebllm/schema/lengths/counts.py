r"""What is counted of one string: its characters, and those of its parts.

An automaton says how many characters a string needs at least to its end, so that the last ones are
left for it. Without one, any string may end.

Examples:
    >>> without, count = counted(String(patterns=("^(ab)+$",), max_length=5))
    >>> without.max_length, count.most, count.needed
    (None, 5, (2, 1, -1, 0))
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pywebllm.schema.ebnf.charset import ASCII
from pywebllm.schema.grammar.fitting import fits_length
from pywebllm.schema.grammar.languages import language
from pywebllm.schema.regex.automaton import Automaton, of_lengths
from pywebllm.schema.regex.reading import RegexError, read_regex
from pywebllm.schema.typed.formats import FORMATS, UNCOUNTED, Part
from pywebllm.schema.typed.values import String

__all__ = ["Count", "counted"]

# A grammar writes each character that a string must have.
_MOST_NEEDED = 16


@dataclass(frozen=True, slots=True)
class Count:
    """The most characters of a string and of its parts.

    Attributes:
        most: The most characters; None: unbounded.
        parts: The most characters of parts.
        automaton: The strings that fit, of any length; None: all.
        needed: For each state of the automaton the fewest characters up to the end of a string; -1:
            it never ends.
        checked: Characters; up to the first of them the grammar has the automaton's strings only.
        strict: The states in which the grammar may continue as no string does, with any character.
    """

    most: int | None
    parts: tuple[Part, ...] = ()
    automaton: Automaton | None = None
    needed: tuple[int, ...] = ()
    checked: str = ""
    strict: frozenset[int] = frozenset()


def counted(string: String) -> tuple[String, Count] | None:
    """Take the lengths out of a string.

    Returns:
        The string without them, and what is counted instead. None: nothing has to be counted, or
        only the grammar can.
    """
    known = [UNCOUNTED[name] for name in string.formats if name in UNCOUNTED]
    if (string.max_length is None and not known) or string.min_length > _MOST_NEEDED:
        return None
    without = _without(string, [each.grammar for each in known])
    if not (without.patterns or without.formats or without.excluded or without.excluded_patterns):
        return without, Count(string.max_length)
    try:
        if not known and _is_bounded(string):
            return None
        exact = _without(string, [each.exact for each in known])
        found = language(replace(exact, min_length=0))
        if string.min_length:
            found &= of_lengths(string.min_length, None)
    except RegexError:
        return None
    needed = _needed(found)
    too_long = string.max_length is not None and needed[0] > string.max_length
    if needed[0] < 0 or too_long:
        return None
    checked = "".join(each.checked for each in known)
    strict = _strict(language(without), found, needed, checked) if checked else frozenset()
    parts = tuple(part for each in known for part in each.parts)
    return without, Count(string.max_length, parts, found, needed, checked, strict)


def _without(string: String, patterns: list[str]) -> String:
    return replace(
        string,
        max_length=None,
        patterns=(*string.patterns, *patterns),
        formats=tuple(name for name in string.formats if name not in UNCOUNTED),
    )


def _is_bounded(string: String) -> bool:
    """Return whether one of the patterns has no longer strings."""
    patterns = (*string.patterns, *(FORMATS[name] for name in string.formats))
    return any(fits_length(read_regex(pattern), 0, string.max_length) for pattern in patterns)


def _needed(given: Automaton) -> tuple[int, ...]:
    found = dict.fromkeys(given.accepting, 0)
    before: Mapping[int, set[int]] = {
        at: {source for source, row in enumerate(given.steps) if at in row}
        for at in range(len(given.steps))
    }
    open_ = list(found)
    for state in open_:
        for source in before[state]:
            if source not in found:
                found[source] = found[state] + 1
                open_.append(source)
    return tuple(found.get(at, -1) for at in range(len(given.steps)))


def _strict(
    wide: Automaton, exact: Automaton, needed: tuple[int, ...], checked: str
) -> frozenset[int]:
    """Take the states from which a wider automaton leads out of one, before a character checked."""
    live = wide.live()
    codes = [code for code in _codes(wide, exact) if chr(code) not in checked]
    every = [*codes, *map(ord, checked)]
    after = {code: (_class_of(wide, code), _class_of(exact, code)) for code in every}
    pairs = [(0, 0)]
    seen = set(pairs)
    found: set[int] = set()
    for left, right in pairs:
        if left in wide.accepting and right not in exact.accepting:
            found.add(right)
        for code in every:
            first, second = after[code]
            target = wide.steps[left][first], exact.steps[right][second]
            if target[0] not in live:
                continue
            if needed[target[1]] < 0:
                found |= {right} if code in codes else set()
            elif target not in seen:
                seen.add(target)
                pairs.append(target)
    steps = {at: {exact.steps[at][after[code][1]] for code in codes} for _, at in seen}
    size = -1
    while len(found) != size:
        size = len(found)
        found |= {at for at, targets in steps.items() if not found.isdisjoint(targets)}
    return frozenset(found)


def _codes(*automata: Automaton) -> list[int]:
    """List characters that stand for all: those of ASCII, and the first of each class beyond."""
    beyond = {
        max(first, ASCII[-1][1] + 1)
        for automaton in automata
        for one in automaton.classes
        for first, last in one
        if last > ASCII[-1][1]
    }
    return [*range(ASCII[-1][1] + 1), *sorted(beyond)]


def _class_of(automaton: Automaton, code: int) -> int:
    return next(
        at
        for at, one in enumerate(automaton.classes)
        if any(first <= code <= last for first, last in one)
    )
