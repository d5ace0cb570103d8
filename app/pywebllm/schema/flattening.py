"""A schema without `$ref`, `allOf`, `const` and `nullable`, that says the same."""

from __future__ import annotations

from typing import Any

from .keywords import Schema, checked
from .merging import merged
from .place import Place
from .references import resolve

__all__ = ["Flattener"]

_MOST_DEPTH = 60


class Flattener:
    """Flattens the schemas of one document."""

    def __init__(self, root: object) -> None:
        self._root = root

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
        parts = [
            (part, place.at("allOf", at), seen) for at, part in enumerate(keywords.pop("allOf", ()))
        ]
        if "$ref" in keywords:
            parts.append(self._target(keywords.pop("$ref"), place, seen))
        if "const" in keywords:
            parts.append(({"enum": [keywords.pop("const")]}, place, seen))
        found: Schema = keywords
        for part, where, known in parts:
            inner = self.flat(part, where, seen=known)
            if inner is None:
                return None
            found = merged(found, inner, where)
        return found

    def _target(
        self, reference: str, place: Place, seen: frozenset[str]
    ) -> tuple[object, Place, frozenset[str]]:
        if reference in seen:
            raise place.error(f"'$ref': {reference!r} only leads back to itself", advice="Mend it.")
        return resolve(self._root, reference, place), place, seen | {reference}
