"""Grammars of arrays."""

from __future__ import annotations

from tests.unit.schema.checking import fits


def test_prefix_items_come_in_order() -> None:
    schema = {"type": "array", "prefixItems": [{"const": "a"}, {"type": "integer"}]}
    assert fits(schema, ["a", 1])
    assert fits(schema, ["a"])
    assert not fits(schema, ["a", 1, 2])
    assert not fits({**schema, "minItems": 2}, ["a"])
    assert fits({**schema, "items": {"type": "null"}, "maxItems": 4}, ["a", 1, None, None])
