"""From a JSON Schema document to a grammar: read into a typed schema, and written from it.

Examples:
    >>> print(grammar_of({"type": "integer", "minimum": 3, "maximum": 12}))
    root ::= integer
    integer ::= "1" [0-2] | [3-9]
"""

from __future__ import annotations

from collections.abc import Mapping

from pywebllm.errors import InvalidRequestError

from .document.reading import read_document
from .ebnf.size import ADVICE, MOST, PROBLEM, size_of_text
from .grammar.writing import write_grammar
from .typed.place import Place

__all__ = ["check_grammar", "grammar_of", "json_object_grammar"]


def grammar_of(schema: Mapping[str, object], *, param: str = "response_format") -> str:
    """Write the grammar of the JSON texts that fit a schema. Equal schemas give equal grammars.

    Args:
        schema: JSON Schema, draft 2020-12.
        param: The parameter of the request that the schema was passed as, for errors.

    Raises:
        InvalidRequestError: The schema says what a grammar cannot express, is too large, or
            nothing fits it; the error names the keyword and its JSON path.
    """
    try:
        return write_grammar(read_document(schema, param=param))
    except RecursionError as error:
        # Long lists and chains of references nest as deeply as what they are made of.
        raise Place(param).error(
            "the schema needs too deep a grammar", advice="Split it, or shorten its lists."
        ) from error


def check_grammar(grammar: str, *, param: str) -> None:
    """Check that the engine can compile a grammar in xgrammar's EBNF within seconds.

    Raises:
        InvalidRequestError: It is too large.
    """
    if size_of_text(grammar) > MOST:
        raise InvalidRequestError(f"{param}: {PROBLEM}", advice=ADVICE, param=param)


def json_object_grammar() -> str:
    """Write the grammar of any JSON object."""
    return grammar_of({"type": "object"})
