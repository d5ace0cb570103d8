"""The keywords of arrays: items, their number, `prefixItems` and `contains`.

An array with `prefixItems` has no items after them unless `items` says which.

Examples:
    >>> from pywebllm.schema.document.reading import read_document
    >>> schema = {"type": "array", "prefixItems": [{"const": 1}], "minItems": 1}
    >>> read_document(schema).definitions["array"].prefix
    (Enum(texts=('1',)),)
"""

from __future__ import annotations

from typing import Any

from pywebllm.schema.typed.place import Place
from pywebllm.schema.typed.values import Array, Contained, Nothing

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
        contained=_contained(keywords, place, reader),
        place=place,
    )
    return Nothing() if _is_empty(found) else found


def _contained(keywords: Schema, place: Place, reader: Reader) -> Contained | None:
    least: Any = keywords.get("minContains", 1)
    most: Any = keywords.get("maxContains")
    if "contains" not in keywords or (least == 0 and most is None):
        return None
    where, wanted = place.at("contains"), keywords["contains"]
    if keywords.get("prefixItems"):
        raise where.error(
            "'contains' beside 'prefixItems' cannot be expressed in a grammar",
            advice="Leave it out, and check the answer in Python.",
        )
    items = keywords.get("items", True)
    others = items if most is None else {"allOf": [items, {"not": wanted}]}
    return Contained(
        reader.read({"allOf": [items, wanted]}, where), reader.read(others, where), least, most
    )


def _is_empty(array: Array) -> bool:
    """Return whether no value fits one of the items that an array must have."""
    needed = array.prefix[: array.min_items]
    if len(needed) < array.min_items:
        needed = (*needed, array.items)
    return Nothing() in needed
