"""From Python types to JSON Schema, from there to grammars, and from JSON back to typed values.

    type ── schema_of ──> JSON Schema ── grammar_of ──> grammar ── model ──> text ── build ──> value
    function ── tool_of ──> tool ─ … ─> text ── arguments_of ──> keyword arguments

What a grammar lets through fits the schema it came from. pydantic is used by those classes that
are its own, and never imported.
"""

from __future__ import annotations

from .grammar.document import grammar_of, json_object_grammar
from .python.describing import schema_of
from .python.reading import build
from .python.tools import arguments_of, tool_of

__all__ = [
    "arguments_of",
    "build",
    "grammar_of",
    "json_object_grammar",
    "schema_of",
    "tool_of",
]
