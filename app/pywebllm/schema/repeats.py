"""Repeats with an upper bound, in the form that costs the engine least.

xgrammar 0.1.27, which WebLLM 0.2.86 has, takes a fifth to half of a second for each token of
`{0,n}` when n is some hundreds. As blocks of 16, and blocks of such blocks, the same texts take
2 to 10 ms with a vocabulary of 4,000 tokens, about 50 ms with 32,000 and 200 ms with 128,000
(measured in Chromium and in Node.js), where a string without an upper bound takes under 1 ms. Forms
that are quicker to follow are slower to read by about as much as they save on a few dozen tokens:
the engine looks at all tokens for each character that the form tells apart, 16 ms with 32,000.
"""

from __future__ import annotations

from .ebnf import Chars, Node, optional, repeat, sequence
from .writer import Writer

__all__ = ["repeated"]

_FEW = 48
_BLOCK = 16
_LISTED = 16


def repeated(part: Node, least: int, most: int | None, writer: Writer) -> Node:
    """Repeat a part `least` to `most` times; None is without end."""
    if most is None or most == least or (isinstance(part, Chars) and most - least <= _FEW):
        return repeat(part, least, most)
    if most <= _LISTED:
        return sequence(repeat(part, least, least), _nested(part, most - least))
    if most - least <= _FEW:
        return repeat(part, least, most)
    # Blocks first, then at least as many single ones as it takes to reach the next block.
    blocks = (most - least - _BLOCK + 1) // _BLOCK
    singles = most - least - blocks * _BLOCK
    block = writer.rule(f"block of {part}", lambda: repeat(part, _BLOCK, _BLOCK), name="block")
    return sequence(
        repeat(part, least, least),
        repeated(block, 0, blocks, writer),
        repeated(part, 0, singles, writer),
    )


def _nested(part: Node, most: int) -> Node:
    """Write up to `most` parts: xgrammar lists small counts as options that start alike."""
    node = optional(part)
    for _ in range(most - 1):
        node = optional(sequence(part, node))
    return node
