"""What the writers of one type need of the whole grammar: schemas inside, and rules.

Examples:
    >>> from pywebllm.schema.ebnf.nodes import Text
    >>> from pywebllm.schema.grammar.writing import GrammarWriter
    >>> from pywebllm.schema.typed.values import Document, Nothing
    >>> writer: Writer = GrammarWriter(Document(Nothing(), {}))
    >>> writer.shared("vowel", lambda: Text("a"), name="vowel")
    Rule(name='vowel')
    >>> writer.shared("vowel", lambda: Text("not called again"), name="vowel")
    Rule(name='vowel')
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Protocol

from pywebllm.schema.ebnf.nodes import Node
from pywebllm.schema.typed.values import TypedSchema

__all__ = ["Writer"]


class Writer(Protocol):
    """Writes the schemas of one document into one grammar."""

    def write(self, schema: TypedSchema) -> Node:
        """Write what fits a schema; `NOTHING` when nothing does."""
        ...

    def shared(self, key: Hashable, build: Callable[[], Node], *, name: str) -> Node:
        """Put a node into a rule of its own, built once for each key and named like `name`."""
        ...

    def rule(self, node: Node, *, name: str) -> Node:
        """Put one node into a rule of its own, named like `name`."""
        ...
