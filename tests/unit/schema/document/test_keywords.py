"""Keywords that limit nothing, and types that are not named."""

from __future__ import annotations

from pywebllm.schema import grammar_of

from tests.unit.schema.checking import fits


def test_annotations_and_unknown_keywords_are_skipped() -> None:
    schema = {
        "title": "T", "description": "d", "default": 1, "examples": [2], "x-more": {"type": 3},
        "type": "integer", "discriminator": {"propertyName": "kind"}, "uniqueItems": False,
    }  # fmt: skip
    assert grammar_of(schema) == grammar_of({"type": "integer"})


def test_schema_without_type_has_the_types_that_its_keywords_limit() -> None:
    assert fits({"minimum": 3}, 4)
    assert not fits({"minimum": 3}, "a")
    assert fits({"items": {"type": "null"}}, [None])
