r"""From Python types to JSON Schema, from there to grammars, and from JSON back to typed values.

    type ── schema_of ──> JSON Schema ── grammar_of ──> grammar ── model ──> text ── build ──> value
    function ── tool_of ──> tool ─ … ─> text ── arguments_of ──> keyword arguments

Every text that a grammar accepts fits the schema it was written from. pydantic is used through the
methods of its classes, and never imported.

Where to look:
    `python/`: Python types, described (`describing`) and read back from JSON (`reading`).
    `document/`: JSON Schema documents, read (`reading`) into a typed schema.
    `typed/`: the typed schema, of `values` such as `Number(low=3, high=12)`.
    `grammar/`: typed schemas, written (`writing`) as grammars.
    `regex/`: the regular expressions of `pattern` and `format`.
    `ebnf/`: grammars as trees, and their text.
    `lengths/`: lengths of strings that the bridge counts instead of the grammar.
    `grammars`: `grammar_of`, which joins `document/` and `grammar/`.
    `free_text`: grammars of answers that are not JSON.

A keyword of JSON Schema is known to three modules: `document/keywords` says what its value must
be, the module of `document/` named after the type it limits gives it a meaning in `typed/values`,
and the module of `grammar/` with the same name writes that. Keywords of all types (`$ref`, `allOf`,
`anyOf`) end in `document/`.

Examples:
    >>> from dataclasses import dataclass
    >>> @dataclass
    ... class Point:
    ...     x: int
    >>> schema_of(Point)["properties"]
    {'x': {'type': 'integer'}}
    >>> grammar_of(schema_of(Point)).splitlines()[1]
    'object ::= "{\\"x\\": " integer "}"'
    >>> build(Point, '{"x": 3}')
    Point(x=3)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pywebllm.lazy import lazy_attributes

if TYPE_CHECKING:
    from .free_text import choice_grammar, regex_grammar
    from .grammars import check_grammar, counted_grammar_of, grammar_of, json_object_grammar
    from .python.describing import schema_of
    from .python.reading import build
    from .python.tools import arguments_of, tool_of

__all__ = [
    "arguments_of",
    "build",
    "check_grammar",
    "choice_grammar",
    "counted_grammar_of",
    "grammar_of",
    "json_object_grammar",
    "regex_grammar",
    "schema_of",
    "tool_of",
]

__getattr__ = lazy_attributes(
    __name__,
    {
        "arguments_of": ".python.tools",
        "build": ".python.reading",
        "check_grammar": ".grammars",
        "choice_grammar": ".free_text",
        "counted_grammar_of": ".grammars",
        "grammar_of": ".grammars",
        "json_object_grammar": ".grammars",
        "regex_grammar": ".free_text",
        "schema_of": ".python.describing",
        "tool_of": ".python.tools",
    },
)
