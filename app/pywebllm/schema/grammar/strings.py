r"""Strings: their length, `pattern` and `format`, and how JSON spells them.

Examples:
    >>> from pywebllm.schema import grammar_of
    >>> print(grammar_of({"type": "string", "pattern": "^[a-c]{2}$"}))
    root ::= pattern
    pattern ::= "\"" [a-c]{2} "\""
"""

from __future__ import annotations

from pywebllm.echo import shown
from pywebllm.schema.ebnf.charset import ALL, Ranges, escaped, spelled, unescaped
from pywebllm.schema.ebnf.nodes import (
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
from pywebllm.schema.regex.reading import RegexError, read_regex
from pywebllm.schema.typed.formats import FORMATS, FREE_FORMATS, SHORT_FORMATS
from pywebllm.schema.typed.place import Place
from pywebllm.schema.typed.values import String

from .fitting import fit_length
from .repeats import repeated
from .writer import Writer

__all__ = ["string_node"]

_SHORT = 100  # characters, which each of the short formats has room for


def string_node(string: String, writer: Writer) -> Node:
    """Write the strings that fit, in quotes.

    Raises:
        InvalidRequestError: `pattern` is not supported, or cannot be given the length.
    """
    length = string.min_length, string.max_length
    content = _content(string)
    if content is None:
        return _quoted(repeat(Chars(ALL), *length), writer)
    try:
        fitted = fit_length(content, *length)
    except RegexError as error:
        raise string.place.error(
            f"minLength or maxLength does not go with this pattern or format: {error}",
            advice="Express the length in the pattern, for example ^[a-z]{1,20}$.",
        ) from error
    if fitted == NOTHING:
        raise string.place.error(
            "no string fits", advice="Change minLength, maxLength, pattern or format."
        )
    return _quoted(fitted, writer)


def _content(string: String) -> Node | None:
    """Read the pattern or format; None: the string may hold any characters."""
    if string.format is not None and string.format not in FREE_FORMATS:
        return read_regex(_format(string.format, string))
    return None if string.pattern is None else _pattern(string.pattern, string.place)


def _format(name: str, string: String) -> str:
    is_short = string.max_length is not None and string.min_length <= _SHORT
    return SHORT_FORMATS.get(name, FORMATS[name]) if is_short else FORMATS[name]


def _pattern(pattern: str, place: Place) -> Node:
    try:
        return read_regex(pattern)
    except RegexError as error:
        raise place.error(
            f"'pattern': {error}: {shown(pattern)}",
            advice="Use characters, classes, groups, |, quantifiers, and ^ $ at the ends.",
        ) from error


def _quoted(content: Node, writer: Writer) -> Node:
    """Write a string with this content, whose characters are those of the value."""
    return sequence(Text('"'), _spell(content, writer), Text('"'))


def _spell(node: Node, writer: Writer) -> Node:
    match node:
        case Chars(ranges):
            written = spelled(ranges)
            if not isinstance(written, Choice):
                return written
            name = "char" if ranges == ALL else "chars"
            return writer.shared(("characters", ranges), lambda: written, name=name)
        case Sequence(parts):
            return sequence(*(_spell(part, writer) for part in parts))
        case Choice(options):
            return choice(*(_spell(option, writer) for option in options))
        case Repeat():
            return _spell_repeat(node, writer)
        case _:
            return node


def _spell_repeat(node: Repeat, writer: Writer) -> Node:
    part = _spell(node.part, writer)
    if node.most is None and isinstance(node.part, Chars):
        some = repeated(part, node.least, node.least, writer)
        return sequence(some, _run(node.part.ranges, writer))
    return repeated(part, node.least, node.most, writer)


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
