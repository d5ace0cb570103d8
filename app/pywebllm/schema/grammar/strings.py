"""Strings: their length, `pattern` and `format`, and how JSON spells them."""

from __future__ import annotations

from collections.abc import Mapping

from pywebllm.schema.document.place import Place
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

from .fitting import fit_length
from .formats import FORMATS, FREE_FORMATS, SHORT_FORMATS
from .repeats import repeated
from .writer import Writer

__all__ = ["string_node", "text_node"]


_SHORT = 100  # characters, which every one of the short formats has room for


def string_node(schema: Mapping[str, object], place: Place, writer: Writer) -> Node:
    """Write the strings that fit a schema, in quotes.

    Raises:
        InvalidRequestError: `pattern` or `format` is not supported, or does not go with a length.
    """
    least, most = schema.get("minLength", 0), schema.get("maxLength")
    assert isinstance(least, int)
    assert most is None or isinstance(most, int)
    if most is not None and most < least:
        raise place.error("minLength is above maxLength", advice="Mend one of them.")
    # In a rule of its own: for each rule the engine looks once at all tokens of the vocabulary.
    words = {word: schema.get(word) for word in ("format", "pattern")}
    key = f"string {least} {most} {words}"
    name = str(words["format"] or ("pattern" if words["pattern"] else "string"))
    return writer.rule(key, lambda: _string(schema, (least, most), place, writer), name=name)


def _string(
    schema: Mapping[str, object], length: tuple[int, int | None], place: Place, writer: Writer
) -> Node:
    content = _content(schema, place)
    if content is None:
        return text_node(repeat(Chars(ALL), *length), writer)
    try:
        fitted = fit_length(content, *length)
    except RegexError as error:
        raise place.error(
            f"minLength or maxLength does not go with this pattern or format: {error}",
            advice="Say the length in the pattern, for example ^[a-z]{1,20}$.",
        ) from error
    if fitted == NOTHING:
        raise place.error("no string fits", advice="Mend the length, pattern or format.")
    return text_node(fitted, writer)


def text_node(content: Node, writer: Writer) -> Node:
    """Write a string with this content, whose characters are those of the value."""
    return sequence(Text('"'), _spell(content, writer), Text('"'))


def _content(schema: Mapping[str, object], place: Place) -> Node | None:
    pattern, format_ = schema.get("pattern"), schema.get("format")
    assert pattern is None or isinstance(pattern, str)
    if format_ in FREE_FORMATS:
        format_ = None
    if format_ is None:
        return None if pattern is None else _pattern(pattern, place)
    if pattern is not None:
        raise place.error("'pattern' and 'format' do not go together", advice="Keep one of them.")
    if format_ not in FORMATS:
        raise place.error(
            f"'format': {format_!r} is not supported",
            advice=f"Use one of {', '.join(FORMATS)}, or a pattern.",
        )
    return read_regex(_format(str(format_), schema))


def _format(name: str, schema: Mapping[str, object]) -> str:
    least = schema.get("minLength", 0)
    assert isinstance(least, int)
    is_short = schema.get("maxLength") is not None and least <= _SHORT
    return SHORT_FORMATS.get(name, FORMATS[name]) if is_short else FORMATS[name]


def _pattern(pattern: str, place: Place) -> Node:
    try:
        return read_regex(pattern)
    except RegexError as error:
        raise place.error(
            f"'pattern': {error}: {pattern!r}",
            advice="Use characters, classes, groups, |, quantifiers, and ^ $ at the ends.",
        ) from error


def _spell(node: Node, writer: Writer) -> Node:
    match node:
        case Chars(ranges):
            written = spelled(ranges)
            if not isinstance(written, Choice):
                return written
            name = "char" if ranges == ALL else "chars"
            return writer.rule(f"characters {ranges}", lambda: written, name=name)
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

    Those that need no escape come in runs of one class: for a class the engine knows beforehand
    which tokens fit, and else it must look at each of them while the model writes.
    """
    plain, escape = repeat(unescaped(ranges)), escaped(ranges)
    if escape == NOTHING:
        return plain
    tail = writer.rule(f"escape {ranges}", lambda: sequence(escape, plain), name="escape")
    return sequence(plain, repeat(tail))
