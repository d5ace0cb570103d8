"""A schema without `$ref`, `allOf`, `const` and `nullable`, that says the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from .keywords import Schema, checked
from .merging import contradicts_itself, merged
from .place import Place
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
            InvalidRequestError: It cannot be honoured, or refers to itself without end.
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
            raise place.error(f"'$ref': {reference!r} only leads back to itself", advice="Mend it.")
        # Once for each: references that share what they point to would be followed 2ⁿ times.
        if reference not in self._targets:
            target = resolve(self._root, reference, place)
            self._targets[reference] = self.flat(target, place, seen=seen | {reference})
        return self._targets[reference]


def _parts(all_of: Sequence[object], place: Place) -> Iterator[tuple[object, Place]]:
    return ((part, place.at("allOf", at)) for at, part in enumerate(all_of))
