"""Objects: properties in their order, those that may be left out, and maps.

An object with `properties` is closed unless `additionalProperties` says otherwise; that is how
OpenAI's structured outputs and pydantic's models mean it, and any closed object fits an open
schema too. Without `properties` it is a map.
"""

from __future__ import annotations

from typing import Any

from pywebllm.schema.document.keywords import Schema
from pywebllm.schema.document.place import Place
from pywebllm.schema.ebnf.nodes import NOTHING, Node, Text, choice, optional, repeat, sequence

from .arrays import listed
from .keys import other_key
from .literals import enum_values, exact_json, literal
from .writer import Writer

__all__ = ["object_node"]

_COMMA = Text(", ")


def object_node(schema: Schema, place: Place, writer: Writer) -> Node:
    """Write the objects that fit a flat schema.

    Raises:
        InvalidRequestError: It limits the number of properties or their names as no grammar can.
    """
    names = _names(schema, place, writer)
    required: Any = schema.get("required", ())
    extra = _extra(schema, names, place, writer)
    pairs: list[tuple[Node, bool]] = []
    for name, (value, where) in names.items():
        pair = sequence(literal(name, place), Text(": "), writer.write(value, where))
        if pair == NOTHING and name in required:
            return NOTHING
        if pair != NOTHING:
            pairs.append((pair, name in required))
    least, most = _count(schema, pairs, extra, place)
    body = (
        _Body(pairs, extra, exact_json(schema), writer).node()
        if pairs
        else listed(extra, least, most, writer)
    )
    return sequence(Text("{"), body, Text("}"))


def _names(schema: Schema, place: Place, writer: Writer) -> dict[str, tuple[object, Place]]:
    """List the properties that are known by name, each with its schema."""
    properties: Any = schema.get("properties", {})
    required: Any = schema.get("required", ())
    beyond = schema.get("additionalProperties", True)
    found = {name: (inner, place.at("properties", name)) for name, inner in properties.items()}
    listed = _listed_names(schema, place, writer)
    for name in (*required, *listed):
        found.setdefault(name, (beyond, place.at("additionalProperties")))
    return found


def _listed_names(schema: Schema, place: Place, writer: Writer) -> list[str]:
    """List the names that `propertyNames` enumerates."""
    if "propertyNames" not in schema:
        return []
    where = place.at("propertyNames")
    if schema.get("properties") or schema.get("required"):
        raise where.error(
            "'propertyNames' beside 'properties' or 'required' is not supported",
            advice="Leave it out: only the named properties are written.",
        )
    names = writer.flat(schema["propertyNames"], where)
    if names is None or "enum" not in names:
        return []
    return [value for value in enum_values(names, where) if isinstance(value, str)]


def _extra(
    schema: Schema, names: dict[str, tuple[object, Place]], place: Place, writer: Writer
) -> Node:
    """Write a property that is not known by name; NOTHING when there is none."""
    beyond = schema.get("additionalProperties", "properties" not in schema and not names)
    if beyond is False or (names and "propertyNames" in schema):
        return NOTHING
    value = writer.write(beyond, place.at("additionalProperties"))
    return sequence(_key(schema, [*names], place, writer), Text(": "), value)


def _key(schema: Schema, taken: list[str], place: Place, writer: Writer) -> Node:
    if taken:
        return other_key(taken, writer)
    where = place.at("propertyNames")
    names = writer.flat(schema.get("propertyNames", True), where)
    if names is None:
        return NOTHING
    return writer.write({"allOf": [names, {"type": "string"}]}, where)


def _count(
    schema: Schema, pairs: list[tuple[Node, bool]], extra: Node, place: Place
) -> tuple[int, int | None]:
    """Take the number of properties a map may have; see to it that other objects need no count."""
    least, most = schema.get("minProperties", 0), schema.get("maxProperties")
    assert isinstance(least, int)
    assert most is None or isinstance(most, int)
    always = sum(required for _, required in pairs)
    # A name may come twice in a map, and counts once when it is read.
    if least > max(always, 0 if pairs else 1):
        raise place.error(
            f"'minProperties': {least} cannot be put into a grammar",
            advice="Require properties by name, or use an array.",
        )
    if pairs and most is not None and (extra != NOTHING or most < len(pairs)):
        raise place.error(
            f"'maxProperties': {most} beside 'properties' cannot be put into a grammar",
            advice="Leave it out, or make the object a map.",
        )
    return least, most


class _Body:
    """What stands between the braces, in a size that grows with the number of properties."""

    def __init__(
        self, pairs: list[tuple[Node, bool]], extra: Node, key: str, writer: Writer
    ) -> None:
        self._pairs = pairs
        self._extra = extra
        self._key = key
        self._writer = writer
        required = [at for at, (_, needed) in enumerate(pairs) if needed]
        self._leading = required[0] if required else len(pairs)

    def node(self) -> Node:
        """Write it: the first property there is, and what follows."""
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
                rest = self._shared(at, rest)
            found.append(rest)
        return found[::-1]

    def _shared(self, at: int, rest: Node) -> Node:
        # Several properties may be the first, and each is followed by this.
        return self._writer.rule(f"rest {at} of {self._key}", lambda: rest, name="rest")
