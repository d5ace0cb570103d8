r"""Repeats with an upper bound, in the form that costs the engine least.

xgrammar 0.1.27, which WebLLM 0.2.86 includes, takes a fifth to half of a second for each token of
`{0,n}` when n is some hundreds. As blocks of 16, and blocks of such blocks, the same texts take
2 to 10 ms with a vocabulary of 4,000 tokens, about 50 ms with 32,000 and 200 ms with 128,000
(measured in Chromium and in Node.js), where a string without an upper bound takes under 1 ms.

That is for parts that are rules. A plain set of characters is quick to match in any form, but slow
to compile: the engine looks at all tokens for each position of a character in the form. So their
blocks are of 4, which leaves few positions. Long runs of large sets are written by `runs`.

Examples:
    >>> from pywebllm.schema import grammar_of
    >>> print(grammar_of({"type": "string", "pattern": "^[a-c]{0,40}$"}))
    root ::= pattern
    pattern ::= "\"" block_2? block{0,5} [a-c]{0,4} "\""
    block ::= [a-c]{4}
    block_2 ::= block{4}
"""

from __future__ import annotations

from pywebllm.schema.ebnf.nodes import Chars, Node, optional, repeat, sequence
from pywebllm.schema.ebnf.size import check_node

from .writer import Writer

__all__ = ["repeated"]

_FEW = 48
_BLOCK = 16
_LISTED = 16
_FOUR = 4  # characters, and such blocks in a larger one


def repeated(part: Node, least: int, most: int | None, writer: Writer) -> Node:
    """Repeat a part `least` to `most` times; None: unbounded.

    Raises:
        TooLargeError: The result would be too large for the engine.
    """
    node = _repeated(part, least, most, writer)
    check_node(node)
    return node


def _repeated(part: Node, least: int, most: int | None, writer: Writer) -> Node:
    if most is None or most == least:
        return repeat(part, least, most)
    more = most - least
    if isinstance(part, Chars):
        return sequence(repeat(part, least, least), _characters(part, more, writer))
    if most <= _LISTED:
        return sequence(repeat(part, least, least), _nested(part, more))
    if more <= _FEW:
        return repeat(part, least, most)
    count, singles = _split(more, _BLOCK)
    block = _block(part, _BLOCK, writer)
    return sequence(
        repeat(part, least, least),
        repeated(block, 0, count, writer),
        repeated(part, 0, singles, writer),
    )


def _characters(chars: Chars, most: int, writer: Writer) -> Node:
    """Write up to `most` characters of a set: blocks of 16, then blocks of 4, then single ones."""
    if most < 2 * _FOUR:
        return repeat(chars, 0, most)
    fours, singles = _split(most, _FOUR)
    four = _block(chars, _FOUR, writer)
    if fours < 2 * _FOUR:
        return sequence(repeat(four, 0, fours), repeat(chars, 0, singles))
    sixteens, fours = _split(fours, _FOUR)
    sixteen = _block(four, _FOUR, writer)
    return sequence(
        repeated(sixteen, 0, sixteens, writer), repeat(four, 0, fours), repeat(chars, 0, singles)
    )


def _split(most: int, size: int) -> tuple[int, int]:
    """Split a repeat into blocks and single parts, of which there are enough to reach any count.

    Up to 100 parts are up to 5 blocks of 16 and up to 20 parts: 5 blocks alone are 80.
    """
    blocks = (most - size + 1) // size
    return blocks, most - blocks * size


def _block(part: Node, size: int, writer: Writer) -> Node:
    return writer.shared(("block", size, part), lambda: repeat(part, size, size), name="block")


def _nested(part: Node, most: int) -> Node:
    """Nest up to `most` parts, as xgrammar expands small counts into options that start alike."""
    node = optional(part)
    for _ in range(most - 1):
        node = optional(sequence(part, node))
    return node
