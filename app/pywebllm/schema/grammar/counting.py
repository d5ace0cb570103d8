"""Arrays whose items are counted, or differ.

Examples:
    >>> from pywebllm.schema import grammar_of
    >>> print(grammar_of({"uniqueItems": True, "items": {"enum": [1, 2]}, "minItems": 1}))
    root ::= array
    array ::= "[" ("1" item | "2" item_3) "]"
    item ::= ", 2"?
    item_3 ::= ", 1"?
"""

from __future__ import annotations

import json

from pywebllm.schema.ebnf.nodes import EMPTY, NOTHING, Node, Text, choice, sequence
from pywebllm.schema.typed.values import AnyOf, Array, Contained, Enum, TypedSchema

from .writer import Writer

__all__ = ["contained_items", "unique_items"]

_COMMA = Text(", ")
_MOST_STATES = 1000
_MOST_IN_ANY_ORDER = 5  # items: the rules double with each


def unique_items(array: Array, writer: Writer) -> Node:
    """Write items that differ, out of values that are listed.

    Up to five values come in any order, more in the order of the list.

    Raises:
        InvalidRequestError: The values of the items are not listed.
    """
    texts = _listed(array.items)
    if texts is None or array.prefix or array.contained is not None:
        raise array.place.error(
            "'uniqueItems' cannot be expressed in a grammar, unless 'items' has an enum",
            advice="Use a list instead of a set, and drop duplicates in Python.",
        )
    return _Unique(array, texts, writer).following(texts, 0)


class _Unique:
    """What may follow the first items, when so many of them are there and these are left."""

    def __init__(self, array: Array, texts: tuple[str, ...], writer: Writer) -> None:
        self._array = array
        self._writer = writer
        self._count = len(texts)
        most = array.max_items
        self._limit = len(texts) if most is None else min(most, len(texts))
        self._in_any_order = len(texts) <= _MOST_IN_ANY_ORDER
        # Without a limit that matters, only whether there are any items.
        self._last = self._limit if self._limit < len(texts) else max(array.min_items, 1)
        if not self._in_any_order and len(texts) * (self._last + 1) > _MOST_STATES:
            raise array.place.error(
                "'uniqueItems' of so many values cannot be expressed in a grammar",
                advice="Leave it out, and drop duplicates in Python.",
            )

    def following(self, left: tuple[str, ...], count: int) -> Node:
        ends = EMPTY if count >= self._array.min_items else NOTHING
        if self._limit < self._count and count == self._limit:
            return ends
        options = []
        for at, text in enumerate(left):
            rest = (*left[:at], *left[at + 1 :]) if self._in_any_order else left[at + 1 :]
            comma = _COMMA if count else EMPTY
            more = self._after(rest, min(count + 1, self._last))
            options.append(sequence(comma, Text(text), more))
        return choice(ends, *options)

    def _after(self, left: tuple[str, ...], count: int) -> Node:
        key = ("items", self._array, left, count)
        return self._writer.shared(key, lambda: self.following(left, count), name="item")


def _listed(items: TypedSchema) -> tuple[str, ...] | None:
    """List the JSON texts of the values that items may have, each value once."""
    options = items.options if isinstance(items, AnyOf) else (items,)
    found: dict[str, str] = {}
    for option in options:
        if not isinstance(option, Enum):
            return None
        for text in option.texts:
            value = json.loads(text)
            is_whole = isinstance(value, float) and value.is_integer()
            found.setdefault(json.dumps(int(value) if is_whole else value, sort_keys=True), text)
    return tuple(found.values())


def contained_items(array: Array, contained: Contained, writer: Writer) -> Node:
    """Write items of which some are counted.

    Raises:
        InvalidRequestError: There are too many to count.
    """
    least, most = array.min_items, array.max_items
    counts = contained.least if contained.most is None else contained.most
    if ((most or least) + 2) * (counts + 2) > _MOST_STATES:
        raise array.place.error(
            "'contains' of so many items cannot be expressed in a grammar",
            advice="Lower minItems, maxItems, minContains and maxContains.",
        )
    wanted, other = writer.write(contained.schema), writer.write(contained.others)

    def following(length: int, count: int) -> Node:
        if most is not None and length == most:
            return EMPTY if length >= least and count >= contained.least else NOTHING
        longer = length + 1 if most is not None else min(length + 1, max(least, 1))
        more = min(count + 1, contained.least) if contained.most is None else count + 1
        comma = _COMMA if length else EMPTY
        is_full = contained.most is not None and count == contained.most
        return choice(
            EMPTY if length >= least and count >= contained.least else NOTHING,
            NOTHING if is_full else sequence(comma, wanted, after(longer, more)),
            sequence(comma, other, after(longer, count)),
        )

    def after(length: int, count: int) -> Node:
        key = ("contained", array, length, count)
        return writer.shared(key, lambda: following(length, count), name="item")

    return following(0, 0)
