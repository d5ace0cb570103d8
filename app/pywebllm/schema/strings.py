"""Strings: their length, `pattern` and `format`, and how JSON spells them."""

from __future__ import annotations

from collections.abc import Mapping

from .charset import ALL, spelled
from .ebnf import NOTHING, Chars, Choice, Node, Repeat, Sequence, Text, choice, repeat, sequence
from .formats import FORMATS, FREE_FORMATS
from .place import Place
from .regex import RegexError, read_regex
from .writer import Writer

__all__ = ["string_node", "text_node"]


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
    content = _content(schema, place)
    if content is None:
        return text_node(repeat(Chars(ALL), least, most), writer)
    format_ = schema.get("format")
    try:
        fitted = _fit(content, least, most)
    except RegexError as error:
        raise place.error(
            f"minLength or maxLength does not go with this pattern or format: {error}",
            advice="Say the length in the pattern, for example ^[a-z]{1,20}$.",
        ) from error
    if fitted == NOTHING:
        raise place.error("no string fits", advice="Mend the length, pattern or format.")
    key = f"string {format_} {schema.get('pattern')} {least} {most}"
    return writer.rule(key, lambda: text_node(fitted, writer), name=str(format_ or "pattern"))


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
    return read_regex(FORMATS[str(format_)])


def _pattern(pattern: str, place: Place) -> Node:
    try:
        return read_regex(pattern)
    except RegexError as error:
        raise place.error(
            f"'pattern': {error}: {pattern!r}",
            advice="Use characters, classes, groups, |, quantifiers, and ^ $ at the ends.",
        ) from error


def _lengths(node: Node) -> tuple[int, int | None]:
    """Count the fewest and the most characters of a content; None is without end."""
    match node:
        case Chars():
            return 1, 1
        case Sequence(parts):
            both = [_lengths(part) for part in parts]
            return sum(least for least, _ in both), _sum([most for _, most in both])
        case Choice(options):
            both = [_lengths(option) for option in options]
            mosts = [most for _, most in both]
            return (
                min(least for least, _ in both),
                None if None in mosts else max(most for most in mosts if most is not None),
            )
        case Repeat(part, low, high):
            least, most = _lengths(part)
            return least * low, None if most is None or high is None else most * high
        case _:
            return 0, 0


def _sum(numbers: list[int | None]) -> int | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if len(known) == len(numbers) else None


def _fit(node: Node, least: int, most: int | None) -> Node:
    """Narrow a content to a length."""
    low, high = _lengths(node)
    if least <= low and (most is None or (high is not None and high <= most)):
        return node
    if (most is not None and low > most) or (high is not None and high < least):
        return NOTHING
    match node:
        case Choice(options):
            return choice(*(_fit(option, least, most) for option in options))
        case Repeat(part, lower, upper):
            return _fit_repeat(part, (lower, upper), least, most)
        case Sequence(parts):
            return _fit_sequence(parts, least, most)
        case _:
            return NOTHING


def _fit_repeat(part: Node, times: tuple[int, int | None], least: int, most: int | None) -> Node:
    lower, upper = times
    width, widest = _lengths(part)
    if upper == 1:
        return choice(_fit(part, least, most), *((sequence(),) if lower == 0 == least else ()))
    if width != widest or width == 0:
        raise RegexError("a repeated part has no fixed length")
    tops = [upper] if upper is not None else []
    if most is not None:
        tops.append(most // width)
    return repeat(part, max(lower, -(-least // width)), min(tops) if tops else None)


def _fit_sequence(parts: tuple[Node, ...], least: int, most: int | None) -> Node:
    lengths = [_lengths(part) for part in parts]
    loose = [at for at, (low, high) in enumerate(lengths) if low != high]
    if len(loose) != 1:
        raise RegexError("more than one of its parts has no fixed length")
    fixed = sum(low for low, high in lengths if low == high)
    inner = _fit(parts[loose[0]], max(least - fixed, 0), None if most is None else most - fixed)
    return sequence(*parts[: loose[0]], inner, *parts[loose[0] + 1 :])


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
        case Repeat(part, least, most):
            return repeat(_spell(part, writer), least, most)
        case _:
            return node
