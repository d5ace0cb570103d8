r"""Grammars of answers that are not JSON: one of some texts, or a regular expression.

Examples:
    >>> print(choice_grammar(["yes", "no"]), end="")
    root ::= "yes" | "no"
    >>> print(regex_grammar(r"[a-c]{2}\n"), end="")
    root ::= [a-c]{2} [\u000A]
"""

from __future__ import annotations

from collections.abc import Sequence as Several

from pywebllm.echo import shown
from pywebllm.errors import InvalidRequestError

from .ebnf.charset import ASCII, Ranges, complement, intersection
from .ebnf.nodes import (
    Chars,
    Choice,
    Node,
    Repeat,
    Sequence,
    Text,
    choice,
    render,
    repeat,
    sequence,
)
from .ebnf.size import ADVICE, MOST, PROBLEM, size_of_text
from .regex.reading import RegexError, read_regex

__all__ = ["choice_grammar", "regex_grammar"]

_FIRST_PLAIN, _DELETE = 0x20, 0x7F
_BEYOND = complement(ASCII)


_MOST_CHARACTERS = 20_000  # of a pattern, or of all options: more would take long to read


def choice_grammar(options: Several[str], *, param: str = "response_format") -> str:
    """Write the grammar of exactly these texts.

    Raises:
        InvalidRequestError: They are too large.
    """
    _check_length(sum(map(len, options)), param)
    return render({"root": choice(*map(_literal, options))})


def regex_grammar(pattern: str, *, param: str = "response_format") -> str:
    """Write the grammar of the texts that a pattern matches as a whole, as `re.fullmatch` does.

    Raises:
        InvalidRequestError: The pattern is outside the subset that `pattern` of a JSON Schema
            has, or is too large.
    """
    _check_length(len(pattern), param)
    try:
        node = _raw(read_regex(f"^(?:{_without_anchors(pattern)})$"))
    except RegexError as error:
        raise InvalidRequestError(
            f"{param}: {error}: {shown(pattern)}",
            advice="Use characters, classes, groups, | and quantifiers.",
            param=param,
        ) from error
    grammar = render({"root": node})
    if size_of_text(grammar) > MOST:
        raise InvalidRequestError(f"{param}: {PROBLEM}", advice=ADVICE, param=param)
    return grammar


def _check_length(length: int, param: str) -> None:
    if length > _MOST_CHARACTERS:
        problem = f"must have at most {_MOST_CHARACTERS} characters, got {length}"
        raise InvalidRequestError(f"{param} {problem}", advice="Shorten it.", param=param)


def _without_anchors(pattern: str) -> str:
    inner = pattern.removeprefix("^")
    # `\\$` is the character.
    return inner if inner.endswith("\\$") else inner.removesuffix("$")


def _literal(text: str) -> Node:
    return sequence(*(_code(ord(char)) for char in text))


def _code(code: int) -> Node:
    # Literals have no escapes for control characters; classes write them by number.
    return Chars(((code, code),)) if code < _FIRST_PLAIN or code == _DELETE else Text(chr(code))


def _raw(node: Node) -> Node:
    """Write a node whose characters are those of the answer itself, not of a JSON string."""
    match node:
        case Chars(ranges):
            return _chars(ranges)
        case Sequence(parts):
            return sequence(*map(_raw, parts))
        case Choice(options):
            return choice(*map(_raw, options))
        case Repeat(part, least, most):
            return repeat(_raw(part), least, most)
        case _:
            return node


def _chars(ranges: Ranges) -> Node:
    beyond = intersection(ranges, _BEYOND)
    if beyond in ((), _BEYOND):
        return Chars(ranges)
    # A class knows all characters beyond ASCII or none, so these are listed.
    listed = (Text(chr(code)) for first, last in beyond for code in range(first, last + 1))
    plain = intersection(ranges, ASCII)
    return choice(*([Chars(plain)] if plain else ()), *listed)
