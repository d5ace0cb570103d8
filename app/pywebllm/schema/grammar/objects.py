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
from itertools import groupby

from pywebllm.schema.ebnf.nodes import NOTHING, Node, Text, choice, optional, repeat, sequence
from pywebllm.schema.typed.values import Object

from .arrays import listed
from .keys import other_key
from .writer import Writer

__all__ = ["object_node"]

_COMMA = Text(", ")

# Any of those in a row may follow each of them: the engine takes time to compile that in proportion
# to the square of their number, with 4,000 tokens 0.2 s for 100 and 2.5 s for 300.
_MOST_OPTIONAL = 100


def object_node(object_: Object, writer: Writer) -> Node:
    """Write the objects that fit.

    Raises:
        InvalidRequestError: The number of properties is limited as no grammar can express it.
    """
    extra = _extra(object_, writer)
    pairs: list[tuple[Node, bool]] = []
    for each in object_.properties:
        key = Text(json.dumps(each.name, ensure_ascii=False))
        pair = sequence(key, Text(": "), writer.write(each.schema))
        if pair == NOTHING and each.required:
            return NOTHING
        if pair != NOTHING:
            pairs.append((pair, each.required))
    _check_count(object_, pairs, extra)
    _check_optional(object_, pairs)
    body = (
        _Body(pairs, extra, writer).node()
        if pairs
        else listed(extra, object_.min_properties, object_.max_properties, writer)
    )
    return sequence(Text("{"), body, Text("}"))


def _check_optional(object_: Object, pairs: list[tuple[Node, bool]]) -> None:
    runs = (list(run) for _, run in groupby(required for _, required in pairs))
    if any(not run[0] and len(run) > _MOST_OPTIONAL for run in runs):
        raise object_.place.error(
            f"more than {_MOST_OPTIONAL} optional properties in a row are not supported",
            advice="Require some of them, and let their values be null, or divide the object.",
        )


def _extra(object_: Object, writer: Writer) -> Node:
    """Write a property that is not known by name; `NOTHING` when there is none."""
    if object_.extra is None:
        return NOTHING
    value = writer.write(object_.extra.schema)
    known = [each.name for each in object_.properties]
    key = other_key(known, writer) if known else writer.write(object_.extra.names)
    return sequence(key, Text(": "), value)


def _check_count(object_: Object, pairs: list[tuple[Node, bool]], extra: Node) -> None:
    """Refuse to count properties, but for those of a map."""
    least, most = object_.min_properties, object_.max_properties
    always = sum(required for _, required in pairs)
    # A name may come twice in a map, and counts once when the text is parsed.
    if least > max(always, 0 if pairs else 1):
        raise object_.place.error(
            f"'minProperties': {least} cannot be expressed in a grammar",
            advice="Require properties by name, or use an array.",
        )
    if pairs and most is not None and (extra != NOTHING or most < len(pairs)):
        raise object_.place.error(
            f"'maxProperties': {most} beside 'properties' cannot be expressed in a grammar",
            advice="Leave it out, or make the object a map.",
        )


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
