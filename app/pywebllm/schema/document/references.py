"""`$ref`: JSON pointers into the same document (RFC 6901).

Examples:
    >>> resolve({"$defs": {"a/b": {"type": "null"}}}, "#/$defs/a~1b", Place())
    {'type': 'null'}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import unquote

from pywebllm.echo import shown
from pywebllm.schema.typed.place import Place

__all__ = ["resolve"]


def resolve(root: object, reference: str, place: Place) -> object:
    """Find the schema that a reference points to.

    Raises:
        InvalidRequestError: It points to another document, or to nothing.
    """
    if not reference.startswith("#"):
        raise place.error(
            f"'$ref': {shown(reference)} points to another document",
            advice="Copy that schema into this one, under '$defs'.",
        )
    found = root
    for step in _steps(reference, place):
        found = _into(found, step)
    if not isinstance(found, Mapping | bool):
        raise place.error(
            f"'$ref': there is no schema at {shown(reference)}",
            advice="Point it to a schema of this document, such as #/$defs/Name.",
        )
    return found


def _steps(reference: str, place: Place) -> list[str]:
    pointer = unquote(reference[1:])
    if not pointer:
        return []
    if not pointer.startswith("/"):
        raise place.error(
            f"'$ref': {shown(reference)} names an anchor",
            advice="Use a pointer such as #/$defs/Name.",
        )
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer[1:].split("/")]


def _into(found: object, step: str) -> object:
    if isinstance(found, Mapping):
        return found.get(step)
    if isinstance(found, Sequence) and not isinstance(found, str) and step.isdecimal():
        return found[int(step)] if int(step) < len(found) else None
    return None
