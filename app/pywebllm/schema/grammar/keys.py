"""Names of properties that are none of some others."""

from __future__ import annotations

from pywebllm.schema.ebnf.charset import ALL, ASCII, complement, intersection, of_text, spelled
from pywebllm.schema.ebnf.nodes import NOTHING, Chars, Node, Text, choice, repeat, sequence

from .writer import Writer

__all__ = ["other_key"]

# Without quotes, backslashes and control characters, so that a name has one spelling only.
_PLAIN = intersection(ALL, complement(((0, 0x1F), *of_text('"\\'))))


def other_key(taken: list[str], writer: Writer) -> Node:
    """Write a name in quotes that is not empty, none of those taken, and needs no escape."""
    free = writer.rule(
        "the rest of a key", lambda: sequence(repeat(Chars(_PLAIN)), Text('"')), name="key"
    )
    return sequence(Text('"'), _behind("", frozenset(taken), free))


def _behind(prefix: str, taken: frozenset[str], free: Node) -> Node:
    """Write what may follow the first characters of a name that is still one of those taken."""
    end = NOTHING if prefix in taken or not prefix else Text('"')
    following = sorted({name[len(prefix)] for name in taken if _continues(name, prefix)})
    others = intersection(_PLAIN, complement(of_text(following)))
    if not all(char.isascii() for char in following):
        others = intersection(others, ASCII)  # a class cannot leave out single ones beyond it
    return choice(
        end,
        sequence(spelled(others), free),
        *(
            sequence(Text(char), _behind(prefix + char, taken, free))
            for char in following
            if intersection(of_text(char), _PLAIN)
        ),
    )


def _continues(name: str, prefix: str) -> bool:
    return name.startswith(prefix) and len(name) > len(prefix)
