"""JSON text of schemas and values, by which they are compared and looked up.

Examples:
    >>> as_json({"b": 1, "a": True}) == as_json({"a": True, "b": 1})
    True
    >>> exact_json({"b": 1, "a": True}) == exact_json({"a": True, "b": 1})
    False
"""

from __future__ import annotations

import json
from collections.abc import Mapping

__all__ = ["as_json", "exact_json"]


def as_json(value: object) -> str:
    """Write a value so that equal values give equal strings, and 1 differs from true."""
    return json.dumps(value, sort_keys=True, default=_as_dict)


def exact_json(value: object) -> str:
    """Write a schema so that only equal schemas in the same order give equal strings.

    The order matters to grammars: properties are written in it.
    """
    return json.dumps(value, default=_as_dict)


def _as_dict(value: object) -> object:
    """Help `json.dumps` with mappings other than dicts."""
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is not JSON")
