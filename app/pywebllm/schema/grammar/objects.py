r"""Objects: properties in their order, those that may be left out, and maps.

Examples:
    >>> from pywebllm.schema import grammar_of
    >>> schema = {"properties": {"a": {"const": 1}, "b": {"const": 2}}, "required": ["b"]}
    >>> print(grammar_of(schema))
    root ::= object
    object ::= "{\"" ("a\": 1, \"b\": 2" | "b\": 2") "}"
"""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import groupby

from pywebllm.schema.ebnf.nodes import (
    EMPTY,
    NOTHING,
    Node,
    Text,
    choice,
    optional,
    repeat,
    sequence,
)
from pywebllm.schema.typed.values import Extra, Object

from .arrays import listed
from .keys import key_node
from .repeats import repeated
from .writer import Writer

__all__ = ["object_node"]

_COMMA = Text(", ")

# Any of those in a row may follow each of them: the engine takes time to compile that in proportion
# to the square of their number, with 4,000 tokens 0.2 s for 100 and 2.5 s for 300.
_MOST_OPTIONAL = 200
_MOST_COUNTS = 1000  # rules


def object_node(object_: Object, writer: Writer) -> Node:
    """Write the objects that fit.

    Raises:
        InvalidRequestError: The number of properties is limited as no grammar can express it.
    """
    if not object_.lasts:
        return sequence(Text("{"), _body(object_, writer), Text("}"))
    # After all others, as the last of several properties with one name counts.
    last = _choice_of(object_.lasts, object_, writer)
    least, most = object_.min_properties, object_.max_properties
    before = replace(
        object_,
        min_properties=max(least - 1, 1),
        max_properties=None if most is None else most - 1,
    )
    needs_others = least > 1 or any(each.required for each in object_.properties)
    alone = NOTHING if needs_others else last
    both = NOTHING if most == 1 else sequence(_body(before, writer), _COMMA, last)
    return sequence(Text("{"), choice(alone, both), Text("}"))


def _body(object_: Object, writer: Writer) -> Node:
    extra = _choice_of(object_.extras, object_, writer)
    least, most = object_.min_properties, object_.max_properties
    pairs: list[tuple[Node, bool]] = []
    for each in object_.properties:
        key = Text(json.dumps(each.name, ensure_ascii=False))
        pair = sequence(key, Text(": "), writer.write(each.schema))
        if pair == NOTHING and each.required:
            return NOTHING
        if pair != NOTHING:
            pairs.append((pair, each.required))
    _check_optional(object_, pairs)
    if not pairs:
        _check_map(object_)
        return listed(extra, least, most, writer)
    always = sum(required for _, required in pairs)
    if least <= always and (most is None or (extra == NOTHING and most >= len(pairs))):
        return _Body(pairs, extra, writer).node()
    return _counted(object_, pairs, extra, writer)


def _check_optional(object_: Object, pairs: list[tuple[Node, bool]]) -> None:
    runs = (list(run) for _, run in groupby(required for _, required in pairs))
    if any(not run[0] and len(run) > _MOST_OPTIONAL for run in runs):
        raise object_.place.error(
            f"more than {_MOST_OPTIONAL} optional properties in a row are not supported",
            advice="Require some of them, and let their values be null, or divide the object.",
        )


def _choice_of(extras: tuple[Extra, ...], object_: Object, writer: Writer) -> Node:
    """Write a property that is not known by name; `NOTHING` when there is none."""
    known = [each.name for each in object_.properties]
    pairs = (
        sequence(key_node(extra.names, known, writer), Text(": "), writer.write(extra.schema))
        for extra in extras
    )
    return choice(*pairs)


def _check_map(object_: Object) -> None:
    # A name may come twice in a map, and counts once when the text is parsed.
    if object_.min_properties > 1:
        raise object_.place.error(
            f"'minProperties': {object_.min_properties} cannot be expressed in a grammar",
            advice="Require properties by name, or use an array.",
        )


def _counted(object_: Object, pairs: list[tuple[Node, bool]], extra: Node, writer: Writer) -> Node:
    """Write the text between the braces with a limited number of properties."""
    most = object_.max_properties
    last = object_.min_properties if most is None else most
    if len(pairs) * (last + 1) > _MOST_COUNTS:
        raise object_.place.error(
            "the number of these many properties cannot be limited",
            advice="Leave out minProperties and maxProperties, or require properties by name.",
        )
    counts = _Counts(pairs, extra, (object_.min_properties, most), writer)
    return counts.node(0, 0)


class _Counts:
    """What may follow the first properties, when so many of these are there."""

    def __init__(
        self,
        pairs: list[tuple[Node, bool]],
        extra: Node,
        limits: tuple[int, int | None],
        writer: Writer,
    ) -> None:
        self._pairs = pairs
        self._extra = extra
        self._least, self._most = limits
        self._writer = writer
        self._known: dict[tuple[int, int], Node] = {}

    def node(self, at: int, count: int) -> Node:
        if (at, count) not in self._known:
            node = self._written(at, count)
            is_small = node in (NOTHING, EMPTY) or at == 0
            self._known[at, count] = node if is_small else self._writer.rule(node, name="rest")
        return self._known[at, count]

    def _written(self, at: int, count: int) -> Node:
        if at == len(self._pairs):
            return self._extras(count)
        pair, required = self._pairs[at]
        more = min(count + 1, self._least) if self._most is None else count + 1
        is_full = self._most is not None and count == self._most
        # Only whether there are any matters to the comma.
        comma = _COMMA if count else EMPTY
        taken = NOTHING if is_full else sequence(comma, pair, self.node(at + 1, max(more, 1)))
        return choice(taken, NOTHING if required else self.node(at + 1, count))

    def _extras(self, count: int) -> Node:
        lacking = max(self._least - count, 0)
        if lacking > 1:  # a name may come twice, and counts once
            return NOTHING
        room = None if self._most is None else self._most - count
        if count == 0:
            return listed(self._extra, lacking, room, self._writer)
        if self._extra == NOTHING:
            return NOTHING if lacking else EMPTY
        return repeated(sequence(_COMMA, self._extra), lacking, room, self._writer)


class _Body:
    """The text between the braces, in a size that is linear in the number of properties."""

    def __init__(self, pairs: list[tuple[Node, bool]], extra: Node, writer: Writer) -> None:
        self._pairs = pairs
        self._extra = extra
        self._writer = writer
        required = [at for at, (_, needed) in enumerate(pairs) if needed]
        self._leading = required[0] if required else len(pairs)

    def node(self) -> Node:
        """Write the first property that is there, and what follows it."""
        rests = self._rests()
        options = [
            sequence(pair, rests[at])
            for at, (pair, _) in enumerate(self._pairs[: self._leading + 1])
        ]
        if self._leading < len(self._pairs):
            return choice(*options)
        if self._extra == NOTHING:
            return optional(choice(*options))
        return optional(choice(*options, listed(self._extra, 1, None, self._writer)))

    def _rests(self) -> list[Node]:
        """Write what may follow each property, from the last one backwards."""
        rest = repeat(sequence(_COMMA, self._extra))
        found = [rest]
        for at in range(len(self._pairs) - 1, 0, -1):
            pair, required = self._pairs[at]
            item = sequence(_COMMA, pair)
            rest = sequence(item if required else optional(item), rest)
            if self._leading > 1 and at <= self._leading + 1:
                # Several properties may be the first, and each is followed by this.
                rest = self._writer.rule(rest, name="rest")
            found.append(rest)
        return found[::-1]
