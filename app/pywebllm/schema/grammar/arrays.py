r"""Arrays: items, their number, and tuples.

Examples:
    >>> from pywebllm.schema import grammar_of
    >>> print(grammar_of({"type": "array", "items": {"const": 0}, "minItems": 1}))
    root ::= array
    array ::= "[0" ", 0"* "]"
    >>> print(grammar_of({"prefixItems": [{"const": 0}, {"const": 1}], "minItems": 1}))
    root ::= array
    array ::= "[0" ", 1"? "]"
"""

from __future__ import annotations

from pywebllm.schema.ebnf.nodes import EMPTY, NOTHING, Node, Text, optional, sequence
from pywebllm.schema.typed.values import Array

from .counting import contained_items, unique_items
from .repeats import repeated
from .writer import Writer

__all__ = ["array_node", "listed"]

_COMMA = Text(", ")


def array_node(array: Array, writer: Writer) -> Node:
    """Write the arrays that fit.

    Raises:
        InvalidRequestError: Two or more items must differ.
    """
    least, most = array.min_items, array.max_items
    if array.unique and (most is None or most > 1):
        return sequence(Text("["), unique_items(array, writer), Text("]"))
    if array.contained is not None:
        return sequence(Text("["), contained_items(array, array.contained, writer), Text("]"))
    heads = [writer.write(head) for head in array.prefix]
    item = writer.write(array.items)
    inner = (
        _tuple(heads, item, (least, most), writer) if heads else listed(item, least, most, writer)
    )
    return sequence(Text("["), inner, Text("]"))


def listed(item: Node, least: int, most: int | None, writer: Writer) -> Node:
    """Write `least` to `most` items with commas between; None: unbounded."""
    if most == 0 or item == NOTHING:
        return NOTHING if least else EMPTY
    after = None if most is None else most - 1
    some = sequence(item, repeated(sequence(_COMMA, item), max(least - 1, 0), after, writer))
    return some if least else optional(some)


def _tuple(heads: list[Node], item: Node, length: tuple[int, int | None], writer: Writer) -> Node:
    """Write items of which the first have schemas of their own, from the last one backwards."""
    least, most = length
    count = len(heads)
    tail: Node = EMPTY
    if most is None or most > count:
        after = None if most is None else most - count
        tail = repeated(sequence(_COMMA, item), max(least - count, 0), after, writer)
    node = tail
    for at, head in reversed([*enumerate(heads)][:most]):
        node = sequence(*((_COMMA,) if at else ()), head, node)
        # An item that is not needed may be missing, with all that follow.
        node = optional(node) if at >= least else node
    return node
