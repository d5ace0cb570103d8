"""What the readers of one type need of the whole document: the schemas inside read in turn.

Examples:
    >>> from pywebllm.schema.document.reading import DocumentReader
    >>> reader: Reader = DocumentReader({"$defs": {"Yes": {"const": True}}})
    >>> reader.read({"$ref": "#/$defs/Yes"}, Place())
    Enum(texts=('true',))
    >>> reader.flat({"$ref": "#/$defs/Yes"}, Place())
    {'enum': [True]}
"""

from __future__ import annotations

from typing import Protocol

from pywebllm.schema.typed.place import Place
from pywebllm.schema.typed.values import TypedSchema

from .keywords import Schema

__all__ = ["Reader"]


class Reader(Protocol):
    """Reads the schemas of one document."""

    def read(self, schema: object, place: Place) -> TypedSchema:
        """Read a schema; `Nothing` when no value fits it."""
        ...

    def flat(self, schema: object, place: Place) -> Schema | None:
        """Resolve `$ref`, `allOf` and `const` at the top of a schema; None when nothing fits."""
        ...
