"""The keywords of arrays: items, their number, and `prefixItems`.

An array with `prefixItems` has no items after them unless `items` says which.

Examples:
    >>> from pywebllm.schema.document.reading import read_document
    >>> read_document({"type": "array", "prefixItems": [{"const": 1}], "minItems": 1}).definitions
    {'array': Array(prefix=(Enum(texts=('1',)),), items=Nothing(), min_items=1, max_items=None,
    unique=False)}
"""

from __future__ import annotations

from typing import Any

from pywebllm.schema.typed.place import Place
from pywebllm.schema.typed.values import Array, Nothing

from .keywords import Schema
from .reader import Reader

__all__ = ["read_array"]


def read_array(keywords: Schema, place: Place, reader: Reader) -> Array | Nothing:
    """Read the keywords that limit arrays.

    Raises:
        InvalidRequestError: The numbers of items contradict each other, or an item is refused.
    """
    least: Any = keywords.get("minItems", 0)
    most: Any = keywords.get("maxItems")
    if most is not None and most < least:
        raise place.error(
            f"'minItems' must be at most 'maxItems', {most}, got {least}",
            advice="Lower minItems, or raise maxItems.",
        )
    prefix: Any = keywords.get("prefixItems", ())
    found = Array(
        prefix=tuple(
            reader.read(head, place.at("prefixItems", at)) for at, head in enumerate(prefix)
        ),
        items=reader.read(keywords.get("items", not prefix), place.at("items")),
        min_items=least,
        max_items=most,
        unique="uniqueItems" in keywords,
        place=place,
    )
    return Nothing() if _is_empty(found) else found


def _is_empty(array: Array) -> bool:
    """Return whether no value fits one of the items that an array must have."""
    needed = array.prefix[: array.min_items]
    if len(needed) < array.min_items:
        needed = (*needed, array.items)
    return Nothing() in needed
