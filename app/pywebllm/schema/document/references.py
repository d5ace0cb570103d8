"""`$ref`: JSON pointers into the same schema (RFC 6901)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import unquote

from .place import Place

__all__ = ["resolve"]


def resolve(root: object, reference: str, place: Place) -> object:
    """Find the schema that a reference points to.

    Raises:
        InvalidRequestError: It points out of this schema, or to nothing.
    """
    if not reference.startswith("#"):
        raise place.error(
            f"'$ref': {reference!r} points to another document",
            advice="Put what it points to under '$defs'.",
        )
    found = root
    for step in _steps(reference, place):
        found = _into(found, step)
    if not isinstance(found, Mapping | bool):
        raise place.error(f"'$ref': there is no schema at {reference!r}", advice="Mend it.")
    return found


def _steps(reference: str, place: Place) -> list[str]:
    pointer = unquote(reference[1:])
    if not pointer:
        return []
    if not pointer.startswith("/"):
        raise place.error(
            f"'$ref': {reference!r} names an anchor", advice="Use a pointer such as #/$defs/Name."
        )
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer[1:].split("/")]


def _into(found: object, step: str) -> object:
    if isinstance(found, Mapping):
        return found.get(step)
    if isinstance(found, Sequence) and not isinstance(found, str) and step.isdecimal():
        return found[int(step)] if int(step) < len(found) else None
    return None
