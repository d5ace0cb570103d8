r"""Names of properties other than those known.

Examples:
    >>> from pywebllm.schema.ebnf.nodes import render
    >>> from pywebllm.schema.grammar.writing import GrammarWriter
    >>> from pywebllm.schema.typed.values import Document, Nothing
    >>> writer = GrammarWriter(Document(Nothing(), {}))
    >>> print(render({"name": other_key(["a"], writer), **writer.rules}))
    name ::= "\"" ([^\u0000-\u001F\u0022\u005Ca] key | "a" [^\u0000-\u001F\u0022\u005C] key)
    key ::= [^\u0000-\u001F\u0022\u005C]* "\""
"""

from __future__ import annotations

import json
from dataclasses import replace

from pywebllm.schema.ebnf.charset import ALL, ASCII, complement, intersection, of_text, spelled
from pywebllm.schema.ebnf.nodes import NOTHING, Chars, Node, Text, choice, repeat, sequence
from pywebllm.schema.regex.determinizing import of_strings
from pywebllm.schema.regex.reading import RegexError
from pywebllm.schema.typed.values import AnyOf, Enum, String, TypedSchema

from .languages import counted, language
from .strings import of_automaton
from .writer import Writer

__all__ = ["key_node", "other_key"]

# Without quotes, backslashes and control characters, so that a name has one spelling only.
_PLAIN = intersection(ALL, complement(((0, 0x1F), *of_text('"\\'))))


def key_node(names: TypedSchema, taken: list[str], writer: Writer) -> Node:
    """Write the names that fit and are not taken; `NOTHING` when there is none.

    Raises:
        InvalidRequestError: A grammar cannot express them.
    """
    match names:
        case AnyOf(options):
            return choice(*(key_node(option, taken, writer) for option in options))
        case Enum(texts):
            known = {json.dumps(name, ensure_ascii=False) for name in taken}
            return choice(*(Text(text) for text in texts if text not in known))
        case String():
            if names == String():
                return other_key(taken, writer) if taken else writer.write(names)
            return _limited_key(names, taken, writer)
        case _:
            return NOTHING


def _limited_key(names: String, taken: list[str], writer: Writer) -> Node:
    try:
        found = language(names)
        if taken and not (found & of_strings(taken)).is_empty():
            names = replace(names, excluded=(*names.excluded, *taken))
            found = language(names)
        if found.is_empty():
            return NOTHING
        limited = counted(names)
        if limited is None:
            return writer.write(names)
        return writer.shared(("key", names), lambda: of_automaton(limited, writer), name="key")
    except RegexError as error:
        raise names.place.error(
            f"names of properties that fit these patterns cannot be written: {error}",
            advice="Write one pattern that says all.",
        ) from error


def other_key(taken: list[str], writer: Writer) -> Node:
    """Write a name in quotes that is not empty, not one of those taken, and needs no escape."""
    free = writer.shared(
        "the rest of a key", lambda: sequence(repeat(Chars(_PLAIN)), Text('"')), name="key"
    )
    return sequence(Text('"'), _after("", frozenset(taken), free))


def _after(prefix: str, taken: frozenset[str], free: Node) -> Node:
    """Write what may follow a prefix that is still that of a name taken.

    With "ab" and "ac" taken, the quote may be followed by "a", or by another character and then
    anything; "a" may be followed by the end, by "b" or "c", or by another character and then
    anything.
    """
    end = NOTHING if prefix in taken or not prefix else Text('"')
    following = sorted({name[len(prefix)] for name in taken if _continues(name, prefix)})
    others = intersection(_PLAIN, complement(of_text(following)))
    if not all(char.isascii() for char in following):
        others = intersection(others, ASCII)  # a class cannot exclude single characters beyond it
    return choice(
        end,
        sequence(spelled(others), free),
        *(
            sequence(Text(char), _after(prefix + char, taken, free))
            for char in following
            if intersection(of_text(char), _PLAIN)
        ),
    )


def _continues(name: str, prefix: str) -> bool:
    return name.startswith(prefix) and len(name) > len(prefix)
