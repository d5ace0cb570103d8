"""What the values of a flat schema must not be: the value of its `not`.

Examples:
    >>> excluded(required=["a"])
    {'type': 'object', 'not': {'required': ['a']}}
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .keywords import Schema

__all__ = ["Exclusions", "absent", "excluded"]

_TYPES = {"required": "object", "pattern": "string", "enum": "string", "integer": "number"}


class Exclusions(dict[str, Sequence[Any]]):
    """What is excluded, by kind.

    `required`: properties that are absent. `pattern`: patterns that match nowhere. `enum`: strings.
    `integer`: a list with an entry when a number is no integer. `step`: what integers are no
    multiples of. `others`: what the name and the value of a property fit that an object must have,
    and the schema that excludes it. `last`: the same of a property whose name is not known.
    """


def excluded(**exclusion: Sequence[Any]) -> Schema:
    """Write a schema of the values of one type that are not excluded."""
    (name,) = exclusion
    return {"type": _TYPES[name], "not": Exclusions(exclusion)}


def absent(names: Sequence[str]) -> Schema:
    """Write a schema of all values that have none of these properties."""
    return {"not": Exclusions(required=names)}
