"""A schema without `$ref`, `allOf`, `const`, `nullable`, `not` and conditions, that says the same.

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

from .checks import TYPES
from .conditions import conditions
from .exclusions import Exclusions
from .keywords import Schema, checked
from .merging import allowed_types, contradicts_itself, merged
from .negation import negated
from .references import resolve
from .unevaluated import check_resolved, resolved

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
            return self._nullable(keywords, place, seen)
        all_of, reference = keywords.pop("allOf", ()), keywords.pop("$ref", None)
        values = {"enum": [keywords.pop("const")]} if "const" in keywords else None
        parts = [(self.flat(part, at, seen=seen), at) for part, at in _parts(all_of, place)]
        parts += [(self.flat(part, place, seen=seen), place) for part in conditions(keywords)]
        if reference is not None:
            parts.append((self._target(reference, place, seen), place))
        if values is not None:
            parts.append((values, place))
        if "not" in keywords and not isinstance(keywords["not"], Exclusions):
            parts.append(self._excluded(keywords.pop("not"), place, seen))
        return _joined(keywords, parts, place)

    def _nullable(
        self, keywords: dict[str, Any], place: Place, seen: frozenset[str]
    ) -> Schema | None:
        if "enum" not in keywords:
            return {"anyOf": [keywords, {"type": "null"}]}
        # In OpenAPI 3.0 an enum lists null itself.
        types = (*(allowed_types(keywords) or TYPES), "null")
        return self.flat({**keywords, "type": types}, place, seen=seen)

    def _excluded(
        self, schema: object, place: Place, seen: frozenset[str]
    ) -> tuple[Schema | None, Place]:
        where = place.at("not")
        rest = negated(self.flat(schema, where, seen=seen), where)
        return self.flat(rest, where, seen=seen), where

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


def _joined(
    keywords: Schema, parts: Sequence[tuple[Schema | None, Place]], place: Place
) -> Schema | None:
    found = keywords
    for part, where in parts:
        if part is None:
            return None
        check_resolved(part, found, where)
        found = merged(found, part, where)
    return None if contradicts_itself(found) else resolved(found, place)


def _parts(all_of: Sequence[object], place: Place) -> Iterator[tuple[object, Place]]:
    return ((part, place.at("allOf", at)) for at, part in enumerate(all_of))
