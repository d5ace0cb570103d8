r"""Strings: their length, `pattern` and `format`, and how JSON spells them.

Examples:
    >>> from pywebllm.schema import grammar_of
    >>> print(grammar_of({"type": "string", "pattern": "^[a-c]{2}$"}))
    root ::= pattern
    pattern ::= "\"" [a-c]{2} "\""
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from pywebllm.echo import shown
from pywebllm.schema.ebnf.charset import ALL, ASCII, Ranges, escaped, spelled, unescaped
from pywebllm.schema.ebnf.nodes import (
    EMPTY,
    NOTHING,
    Chars,
    Choice,
    Node,
    Repeat,
    Sequence,
    Text,
    choice,
    repeat,
    sequence,
)
from pywebllm.schema.ebnf.size import classes_in
from pywebllm.schema.regex.automaton import Automaton
from pywebllm.schema.regex.determinizing import automaton
from pywebllm.schema.regex.eliminating import is_plain, node_of, steps_of
from pywebllm.schema.regex.reading import RegexError, read_regex
from pywebllm.schema.typed.formats import FORMATS, bounded_uri, short_email
from pywebllm.schema.typed.values import String

from .fitting import fit_length, fits_length, is_exact
from .languages import counted, language
from .repeats import repeated
from .runs import bounded_run, read_run
from .states import states_node
from .writer import Writer

__all__ = ["of_automaton", "string_node"]

_MANY = 6  # classes of characters in a part that comes several times
_MOST_IN_PART = 400  # states
_LONG = 10**6  # characters
_MOST_LOOSE = 200  # states, in each of which the engine looks at all tokens once
_FEW = 24  # states, of which one pattern is made; more become rules


def string_node(string: String, writer: Writer) -> Node:
    """Write the strings that fit, in quotes.

    Raises:
        InvalidRequestError: `pattern` is not supported, or cannot be given the length.
    """
    found = _quoted(string, writer)
    is_simple = len(string.patterns) + len(string.formats) <= 1
    if found == NOTHING and is_simple and not (string.excluded or string.excluded_patterns):
        raise string.place.error(
            "no string fits", advice="Change minLength, maxLength, pattern or format."
        )
    return found


def _quoted(string: String, writer: Writer) -> Node:
    length = string.min_length, string.max_length
    regexes = [*string.patterns, *(FORMATS[name] for name in string.formats)]
    if len(regexes) > 1 or string.excluded or string.excluded_patterns:
        return _joined(string, writer)
    if not regexes:
        return quoted(repeat(Chars(ALL), *length), writer)
    node = _read(string)
    if fits_length(node, *length):
        loose = _loose(string, node)
        if loose is not None:
            return sequence(Text('"'), states_node(loose, writer, is_small=True))
        return quoted(node, writer)
    exact = None if is_exact(node) else counted(_short(string))
    if exact is not None:
        return sequence(Text('"'), states_node(exact, writer))
    return _fitted(string, node, writer)


def _read(string: String) -> Node:
    if string.formats:
        return read_regex(FORMATS[string.formats[0]])
    (pattern,) = string.patterns
    try:
        return read_regex(pattern)
    except RegexError as error:
        raise string.place.error(
            f"'pattern': {error}: {shown(pattern)}",
            advice="Use characters, classes, groups, |, quantifiers, ^ and $.",
        ) from error


def _loose(string: String, node: Node) -> Automaton | None:
    """Make the automaton of a pattern without a longest string, if the engine can use it well."""
    if fits_length(node, 0, _LONG):
        return None
    try:
        found = language(string)
    except RegexError:
        return None
    live = found.live()
    used = (chars for state in live for chars in steps_of(found, state, live).values())
    is_ascii = all(chars[-1][1] <= ASCII[-1][1] for chars in used)
    return found if is_ascii and len(live) <= _MOST_LOOSE else None


def _short(string: String) -> String:
    """Take a format whose parts have lengths of their own by patterns that need few states."""
    most = string.max_length
    if most is None or string.formats not in (("email",), ("idn-email",)):
        return string
    is_international = string.formats == ("idn-email",)
    patterns, most = short_email(most, is_international=is_international)
    return replace(string, formats=(), patterns=patterns, max_length=most)


def _fitted(string: String, node: Node, writer: Writer) -> Node:
    """Give the loose parts of a pattern lengths that add up to that of the string."""
    if string.formats == ("uri",) and string.max_length is not None and not string.min_length > 1:
        node = read_regex(bounded_uri(string.max_length))
    try:
        return quoted(fit_length(node, string.min_length, string.max_length), writer)
    except RegexError as error:
        raise string.place.error(
            f"minLength or maxLength does not go with this pattern or format: {error}",
            advice="Express the length in the pattern, for example ^[a-z]{1,20}$.",
        ) from error


def _joined(string: String, writer: Writer) -> Node:
    """Write the strings that fit several patterns, or are excluded."""
    try:
        exact = counted(string)
        if exact is not None:
            return of_automaton(exact, writer)
        if len(language(string).steps) <= _FEW:
            return _fitted(string, node_of(language(string)), writer)
        problem = "they have too many states"
    except RegexError as error:
        problem = str(error)
    raise string.place.error(
        f"its patterns and exclusions together cannot be expressed in a grammar: {problem}",
        advice="Write one pattern that says all.",
    )


def of_automaton(given: Automaton, writer: Writer) -> Node:
    """Write the strings of an automaton in quotes; `NOTHING` when there is none.

    Raises:
        RegexError: They cannot be expressed in a grammar.
    """
    if len(given.steps) <= _FEW:
        node = node_of(given)
        return NOTHING if node == NOTHING else quoted(node, writer)
    return sequence(Text('"'), states_node(given, writer))


def quoted(content: Node, writer: Writer) -> Node:
    """Write a string with this content, whose characters are those of the value."""
    return sequence(Text('"'), _Speller(content, writer).spell(content), Text('"'))


class _Speller:
    """Spells the content of one string; what comes several times in it becomes a rule."""

    def __init__(self, content: Node, writer: Writer) -> None:
        self._writer = writer
        self._counts: Counter[Node] = Counter()
        self._count(content)

    def spell(self, node: Node) -> Node:
        if self._counts[node] > 1:
            return self._writer.shared(("part", node), lambda: self._part(node), name="part")
        return self._spelled(node)

    def _part(self, node: Node) -> Node:
        """Write a part by its states, if these are few."""
        if classes_in(node) > _MOST_IN_PART:
            return self._spelled(node)
        try:
            found = automaton(node)
        except RegexError:
            return self._spelled(node)
        if len(found.steps) > _MOST_IN_PART or not is_plain(found):
            return self._spelled(node)
        return states_node(found, self._writer, EMPTY)

    def _count(self, node: Node) -> None:
        """Count the parts in which the engine would look at all tokens many times."""
        if classes_in(node) < _MANY:
            return
        self._counts[node] += 1
        if self._counts[node] > 1:
            return
        match node:
            case Sequence(parts) | Choice(parts):
                for part in parts:
                    self._count(part)
            case Repeat(part, _, most):
                self._count(part)
                if most is not None and most > 1:  # it is written out
                    self._count(part)

    def _spelled(self, node: Node) -> Node:
        match node:
            case Chars(ranges):
                written = spelled(ranges)
                if not isinstance(written, Choice):
                    return written
                name = "char" if ranges == ALL else "chars"
                return self._writer.shared(("characters", ranges), lambda: written, name=name)
            case Sequence(parts):
                return sequence(*map(self.spell, parts))
            case Choice(options):
                return choice(*map(self.spell, options))
            case Repeat():
                return self._repeat(node)
            case _:
                return node

    def _repeat(self, node: Repeat) -> Node:
        run = read_run(node)
        if run is not None:
            return bounded_run(run, self._writer)
        part = self.spell(node.part)
        if node.most is None and isinstance(node.part, Chars):
            some = repeated(part, node.least, node.least, self._writer)
            return sequence(some, _run(node.part.ranges, self._writer))
        return repeated(part, node.least, node.most, self._writer)


def _run(ranges: Ranges, writer: Writer) -> Node:
    """Write any number of characters of a set.

    Those that need no escape come in runs of one class: the engine computes in advance which
    tokens fit a class, and would otherwise look at each of them while the model writes.
    """
    plain, escape = repeat(unescaped(ranges)), escaped(ranges)
    if escape == NOTHING:
        return plain
    tail = writer.shared(("escape", ranges), lambda: sequence(escape, plain), name="escape")
    return sequence(plain, repeat(tail))
