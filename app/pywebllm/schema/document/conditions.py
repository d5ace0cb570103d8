"""`if`, `dependentRequired` and the like, as choices that say the same.

Examples:
    >>> keywords = {"type": "object", "dependentRequired": {"a": ["b"]}}
    >>> conditions(keywords)
    [{'anyOf': [{'not': {'required': ['a']}},
                {'allOf': [{'required': ['a']}, {'required': ['b']}]}]}]
    >>> keywords
    {'type': 'object'}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .exclusions import absent
from .merging import OpenProperties

__all__ = ["conditions"]


def conditions(keywords: dict[str, Any]) -> list[object]:
    """Take the conditions out of the keywords of a schema, as schemas that apply as well."""
    found = [*_dependencies(keywords)]
    has_if = "if" in keywords
    if_, then, else_ = (_open(keywords.pop(name, True)) for name in ("if", "then", "else"))
    if has_if and (then, else_) != (True, True):
        met, otherwise = {"allOf": [if_, then]}, {"allOf": [{"not": if_}, else_]}
        found.append({"anyOf": [met, otherwise]})
    return found


def _dependencies(keywords: dict[str, Any]) -> Iterator[object]:
    for keyword in ("dependencies", "dependentRequired", "dependentSchemas"):
        for name, needed in keywords.pop(keyword, {}).items():
            also = {"required": needed} if isinstance(needed, list | tuple) else _open(needed)
            if also not in ({"required": []}, {"required": ()}):
                # With the name, so that without it nothing counts as known by `also`.
                yield {"anyOf": [absent([name]), {"allOf": [{"required": [name]}, also]}]}


def _open(schema: Any) -> Any:
    """Let the `properties` of a condition name what it looks at, without closing the object."""
    if not isinstance(schema, Mapping) or not isinstance(schema.get("properties"), Mapping):
        return schema
    return {**schema, "properties": OpenProperties(schema["properties"])}
