"""`unevaluatedProperties` and `unevaluatedItems`: what no schema around them knows.

They are resolved in a flat schema that makes no choice, where all that is known is in one place.

Examples:
    >>> resolved({"properties": {"a": {}}, "unevaluatedProperties": False}, Place())
    {'properties': {'a': {}}, 'additionalProperties': False}
"""

from __future__ import annotations

from typing import Any

from pywebllm.schema.typed.place import Place

from .keywords import Schema
from .merging import Negated

__all__ = ["check_resolved", "resolved"]

_KNOWN = {"unevaluatedProperties": "additionalProperties", "unevaluatedItems": "items"}


def resolved(flat: Schema, place: Place) -> Schema:
    """Replace both keywords; while there is a choice to be made they stay.

    Raises:
        InvalidRequestError: `unevaluatedItems` depends on which items `contains` counts.
    """
    names = [name for name in _KNOWN if name in flat]
    if not names or (_has_choice(flat) and any(flat[name] is not True for name in names)):
        return flat
    found = {name: value for name, value in flat.items() if name not in _KNOWN}
    for name in names:
        if name == "unevaluatedItems" and "contains" in flat and flat[name] is not True:
            raise place.error(
                "'unevaluatedItems' beside 'contains' cannot be expressed in a grammar",
                advice="Leave it out, and check the answer in Python.",
            )
        found.setdefault(_KNOWN[name], flat[name])
    if "unevaluatedProperties" in flat and "additionalProperties" not in flat:
        found |= _limited(flat)
    return found


def _limited(flat: Schema) -> Schema:
    """Limit the properties that only a negation knows, as it evaluates none."""
    properties: Any = flat.get("properties")
    if properties is None:
        return {}
    limit = flat["unevaluatedProperties"]
    kind = type(properties)
    return {
        "properties": kind(
            {
                name: {"allOf": [{**inner}, limit]} if isinstance(inner, Negated) else inner
                for name, inner in properties.items()
            }
        )
    }


def check_resolved(flat: Schema, beside: Schema, place: Place) -> None:
    """Check that a schema can be joined with others, whose properties it does not know.

    Raises:
        InvalidRequestError: It has one of the keywords still.
    """
    name = next((name for name in _KNOWN if name in flat), None)
    if name is not None and beside:
        raise place.error(
            f"{name!r} beside a choice cannot be joined with another schema",
            advice="Write the keyword into the outermost schema.",
        )


def _has_choice(flat: Schema) -> bool:
    return "anyOf" in flat or "oneOf" in flat
