"""Arrays: items, their number, and tuples (`prefixItems`)."""

from __future__ import annotations

from typing import Any

from pywebllm.schema.document.keywords import Schema
from pywebllm.schema.document.place import Place
from pywebllm.schema.ebnf.nodes import EMPTY, NOTHING, Node, Text, optional, sequence

from .repeats import repeated
from .writer import Writer

__all__ = ["array_node", "listed"]

_COMMA = Text(", ")


def array_node(schema: Schema, place: Place, writer: Writer) -> Node:
    """Write the arrays that fit a flat schema.

    An array with `prefixItems` has no items behind them unless `items` says which.

    Raises:
        InvalidRequestError: The items must differ, or their number contradicts itself.
    """
    least, most = schema.get("minItems", 0), schema.get("maxItems")
    assert isinstance(least, int)
    assert most is None or isinstance(most, int)
    if most is not None and most < least:
        raise place.error("minItems is above maxItems", advice="Mend one of them.")
    if "uniqueItems" in schema and (most is None or most > 1):
        raise place.error(
            "'uniqueItems' cannot be put into a grammar",
            advice="Use a list instead of a set, and drop what comes twice in Python.",
        )
    prefix: Any = schema.get("prefixItems", ())
    heads = [writer.write(head, place.at("prefixItems", at)) for at, head in enumerate(prefix)]
    item = writer.write(schema.get("items", not prefix), place.at("items"))
    if not heads:
        return _brackets(listed(item, least, most, writer))
    return _brackets(_tuple(heads, item, (least, most), writer))


def listed(item: Node, least: int, most: int | None, writer: Writer) -> Node:
    """Write `least` to `most` items with commas between; None is without end."""
    if most == 0 or item == NOTHING:
        return NOTHING if least else EMPTY
    behind = None if most is None else most - 1
    some = sequence(item, repeated(sequence(_COMMA, item), max(least - 1, 0), behind, writer))
    return some if least else optional(some)


def _brackets(inner: Node) -> Node:
    return sequence(Text("["), inner, Text("]"))


def _tuple(heads: list[Node], item: Node, length: tuple[int, int | None], writer: Writer) -> Node:
    """Write items of which the first have schemas of their own, from the last one backwards."""
    least, most = length
    count = len(heads)
    tail: Node = EMPTY
    if most is None or most > count:
        behind = None if most is None else most - count
        tail = repeated(sequence(_COMMA, item), max(least - count, 0), behind, writer)
    node = tail
    for at, head in reversed([*enumerate(heads)][:most]):
        node = sequence(*((_COMMA,) if at else ()), head, node)
        # What is not needed may be missing, with all that follows.
        node = optional(node) if at >= least else node
    return node
