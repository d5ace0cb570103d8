"""From a JSON Schema document to a grammar: read into a typed schema, and written from it.

Examples:
    >>> print(grammar_of({"type": "integer", "minimum": 3, "maximum": 12}))
    root ::= integer
    integer ::= "1" [0-2] | [3-9]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from pywebllm.errors import InvalidRequestError

from .document.reading import read_document
from .ebnf.size import ADVICE, MOST, PROBLEM, size_of_text
from .grammar.writing import write_grammar
from .lengths.lifting import Table, lifted
from .typed.place import Place
from .typed.values import Document

__all__ = [
    "CountedGrammar",
    "check_grammar",
    "counted_grammar_of",
    "grammar_of",
    "json_object_grammar",
]


@dataclass(frozen=True, slots=True)
class CountedGrammar:
    """A grammar, and the lengths that it does not have.

    Attributes:
        grammar: The grammar in EBNF.
        lengths: What the bridge counts of its strings, see `lengths.lifting`; None: nothing, the
            grammar has all lengths.
    """

    grammar: str
    lengths: Table | None = None


def grammar_of(schema: Mapping[str, object], *, param: str = "response_format") -> str:
    """Write the grammar of the JSON texts that fit a schema. Equal schemas give equal grammars.

    Args:
        schema: JSON Schema, draft 2020-12.
        param: The parameter of the request that the schema was passed as, for errors.

    Raises:
        InvalidRequestError: The schema says what a grammar cannot express, is too large, or
            nothing fits it; the error names the keyword and its JSON path.
    """
    with _not_too_deep(param):
        return write_grammar(read_document(schema, param=param))


def counted_grammar_of(
    schema: Mapping[str, object], *, param: str = "response_format"
) -> CountedGrammar:
    """Write the grammar of a schema without the lengths that the bridge counts faster.

    Raises:
        InvalidRequestError: As for `grammar_of`.
    """
    with _not_too_deep(param):
        document = read_document(schema, param=param)
        return _counted(document) or CountedGrammar(write_grammar(document))


def _counted(document: Document) -> CountedGrammar | None:
    found = lifted(document)
    if found is None:
        return None
    without, table = found
    try:
        return CountedGrammar(write_grammar(without), table)
    except InvalidRequestError:  # some patterns can be written with a length only
        return None


@contextmanager
def _not_too_deep(param: str) -> Iterator[None]:
    try:
        yield
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
