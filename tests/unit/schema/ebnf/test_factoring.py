"""Options that start alike."""

from __future__ import annotations

from pywebllm.schema import grammar_of

from tests.unit.schema.checking import grammar


def test_options_that_start_alike_are_factored() -> None:
    assert (
        grammar_of({"enum": ["ab", "abb", "b"]})
        == 'root ::= "\\"" ("ab" ("\\"" | "b\\"") | "b\\"")\n'
    )
    found = grammar({"enum": ["bbb", "bbbb", 1, 12, 123]})
    for text in ('"bbb"', '"bbbb"', "1", "12", "123"):
        assert found.accepts(text)
    for text in ('"bbbbb"', '"bb"', "13", "1234"):
        assert not found.accepts(text)
