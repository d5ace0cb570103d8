"""What the parts of a grammar need of the whole: other schemas written, and rules shared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from pywebllm.schema.document.keywords import Schema
from pywebllm.schema.document.place import Place
from pywebllm.schema.ebnf.nodes import Node

__all__ = ["Writer"]


class Writer(Protocol):
    """Writes the schemas of one document into one grammar."""

    def write(self, schema: object, place: Place) -> Node:
        """Write what fits a schema; `NOTHING` when nothing does."""
        ...

    def flat(self, schema: object, place: Place) -> Schema | None:
        """Resolve `$ref`, `allOf` and `const` at the top of a schema; None when nothing fits."""
        ...

    def rule(self, key: str, build: Callable[[], Node], *, name: str) -> Node:
        """Put a node into a rule of its own, once for each key, named like `name`."""
        ...
