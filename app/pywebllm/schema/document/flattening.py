"""A schema without `$ref`, `allOf`, `const` and `nullable`, that says the same.

Only the top of a schema is flattened; the schemas inside are when they are read in turn.

Examples:
    >>> document = {"$defs": {"Id": {"type": "integer"}}, "$ref": "#/$defs/Id", "minimum": 1}
    >>> Flattener(document).flat(document, Place())
    {'minimum': 1, 'type': 'integer'}
    >>> Flattener({}).flat({"const": "a", "nullable": True}, Place())
    {'anyOf': [{'const': 'a'}, {'type': 'null'}]}
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pywebllm.echo import shown
from pywebllm.schema.typed.place import Place

from .keywords import Schema, checked
from .merging import contradicts_itself, merged
from .references import resolve

__all__ = ["Flattener"]

_MOST_DEPTH = 60


class Flattener:
    """Flattens the schemas of one document."""

    def __init__(self, root: object) -> None:
        self._root = root
        self._targets: dict[str, Schema | None] = {}

    def flat(
        self, schema: object, place: Place, *, seen: frozenset[str] = frozenset()
    ) -> Schema | None:
        """Resolve what is at the top of a schema; None when nothing fits it.

        Raises:
            InvalidRequestError: It is not supported, or is a reference to itself.
        """
        if schema is False:
            return None
        if place.depth > _MOST_DEPTH:
            raise place.error("the schema is nested too deeply", advice="Make it flatter.")
        keywords: dict[str, Any] = dict(checked(schema, place))
        if keywords.pop("nullable", False):
            return {"anyOf": [keywords, {"type": "null"}]}
        all_of, reference = keywords.pop("allOf", ()), keywords.pop("$ref", None)
        values = {"enum": [keywords.pop("const")]} if "const" in keywords else None
        parts = [(self.flat(part, at, seen=seen), at) for part, at in _parts(all_of, place)]
        if reference is not None:
            parts.append((self._target(reference, place, seen), place))
        if values is not None:
            parts.append((values, place))
        found: Schema = keywords
        for part, where in parts:
            if part is None:
                return None
            found = merged(found, part, where)
        return None if contradicts_itself(found) else found

    def _target(self, reference: str, place: Place, seen: frozenset[str]) -> Schema | None:
        if reference in seen:
            raise place.error(
                f"'$ref': {shown(reference)} only leads back to itself",
                advice="Point it to a schema that has keywords other than '$ref'.",
            )
        # Once for each: n references that each point to two of the next would be followed 2ⁿ times.
        if reference not in self._targets:
            target = resolve(self._root, reference, place)
            self._targets[reference] = self.flat(target, place, seen=seen | {reference})
        return self._targets[reference]


def _parts(all_of: Sequence[object], place: Place) -> Iterator[tuple[object, Place]]:
    return ((part, place.at("allOf", at)) for at, part in enumerate(all_of))
