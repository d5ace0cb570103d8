"""Every text of a grammar fits its schema, and every value that fits has its text in it."""

from __future__ import annotations

import json
import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pywebllm.schema import grammar_of, json_object_grammar

from tests.unit.schema.cases import Case, documents
from tests.unit.schema.interpreter import Grammar

FORMATS = Draft202012Validator.FORMAT_CHECKER


def check(schema: dict[str, Any], value: object) -> None:
    Draft202012Validator(schema, format_checker=FORMATS).validate(value)


@settings(deadline=None, max_examples=300)
@given(documents(), st.integers(0, 2**32))
def test_every_text_of_a_grammar_fits_its_schema(case: Case, seed: int) -> None:
    schema, _ = case
    grammar = Grammar.read(grammar_of(schema))
    chance = random.Random(seed)
    for _ in range(5):
        text = grammar.derive(chance)
        check(schema, json.loads(text))
        assert grammar.accepts(text)


@settings(deadline=None, max_examples=300)
@given(documents())
def test_grammar_accepts_the_canonical_text_of_each_value_that_fits(case: Case) -> None:
    schema, value = case
    check(schema, value)
    assert Grammar.read(grammar_of(schema)).accepts(json.dumps(value, ensure_ascii=False))


@settings(deadline=None)
@given(documents())
def test_equal_schemas_have_equal_grammars(case: Case) -> None:
    copy = json.loads(json.dumps(case[0]))
    assert grammar_of(case[0]) == grammar_of(copy)


@settings(deadline=None)
@given(st.integers(0, 2**32))
def test_every_text_of_the_grammar_of_any_object_is_an_object(seed: int) -> None:
    text = Grammar.read(json_object_grammar()).derive(random.Random(seed))
    assert isinstance(json.loads(text), dict)
