"""From Python types to JSON Schema, from there to grammars, and from JSON back to typed values."""

from __future__ import annotations

from .grammar import grammar_of, json_object_grammar

__all__ = ["grammar_of", "json_object_grammar"]
