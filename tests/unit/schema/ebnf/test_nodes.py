"""The text of a grammar."""

from __future__ import annotations

import re

import pytest
from pywebllm.schema import grammar_of

from tests.unit.schema.checking import grammar


@pytest.mark.parametrize("text", ["Zoë", "Gonçalo", "Édith", "naïve", "øø1", "ßß", "Thảo b"])
def test_literal_keeps_its_letters(text: str) -> None:
    schema = {"enum": [text, "x"]}
    found = grammar(schema)
    assert found.accepts(f'"{text}"')
    # The engine would read the letter and the digit as one number.
    assert not re.search(r"[\x80-\xff][0-9a-fA-F]", grammar_of(schema))
