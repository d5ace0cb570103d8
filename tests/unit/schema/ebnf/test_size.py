"""The size of grammars, which bounds how long the engine compiles them."""

from __future__ import annotations

import pytest
from pywebllm import InvalidRequestError
from pywebllm.chat.response_format import read_response_format
from pywebllm.schema import grammar_of, regex_grammar
from pywebllm.schema.ebnf.nodes import (
    Chars,
    Node,
    Repeat,
    Rule,
    Sequence,
    Text,
    choice,
    repeat,
    sequence,
)
from pywebllm.schema.ebnf.size import MOST, size_of_rules, size_of_text

from tests.unit.effort import effort

AT_ONCE = 1000  # as `effort` measures it: a second or less
_LOWER = Chars(((ord("a"), ord("z")),))


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("", 0),
        ('root ::= "a"', 1),
        (f'root ::= "{"a" * 32}"', 3),
        ('root ::= "a{9}[b](" # (c){9}', 1),
        (r'root ::= "\\"" [\]{9}]', 5),
        ("root ::= [a-z]*", 4),
        ("root ::= other+ | other?\nother ::= [a-z]", 6),
        ("root ::= [a-z]{3}", 12),
        ("root ::= [a-z]{0,3}", 12),
        ("root ::= [a-z]{ 3 , }", 12),
        ("root ::= [a-z]{1000}", 1024),
        ("root ::= other{1000}", 1000),
        ("root ::= ([a-z] other){0,10}", 50),
        ('root ::= (([a-z]{2} "-"){3} other){4} "end"', 4 * (3 * (2 * 4 + 1) + 1) + 1),
        ("root ::= ([a-z] | (other){2} | [a-z]){5}", 50),
    ],
)
def test_repeats_of_a_grammar_multiply(text: str, size: int) -> None:
    assert size_of_text(text) == size


@pytest.mark.parametrize("text", ["root ::= ))) {9} (", "root ::= (", '"', "[", "{", "root"])
def test_size_of_an_invalid_grammar_is_some_number(text: str) -> None:
    assert size_of_text(text) >= 0


def test_size_of_a_repeat_beyond_all_bounds_is_known_at_once() -> None:
    assert size_of_text("root ::= other{" + "9" * 5000 + "}") > MOST


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "pattern": "^(([a-c]{0,5}-){1,3}x){2}$"},
        {"type": "array", "items": {"type": "string", "maxLength": 20}, "maxItems": 9},
        {"type": "object", "properties": {"a": {"enum": ["b", 1]}, "b": {"type": "integer"}}},
    ],
)
def test_rules_and_their_text_have_about_the_same_size(schema: dict[str, object]) -> None:
    size = size_of_text(grammar_of(schema))
    assert 0 < size < 500


def test_rules_and_text_of_a_tree_have_the_same_size() -> None:
    node: Node = repeat(sequence(_LOWER, choice(Text("one"), Rule("other"))), 2, 7)
    assert size_of_rules({"root": node}) == size_of_text('root ::= ([a-z] ("one" | other)){2,7}')
    assert size_of_rules({"root": Repeat(_LOWER, 3, None)}) == size_of_text("root ::= [a-z]{3,}")


def test_shared_nodes_are_visited_once() -> None:
    node: Node = _LOWER
    for _ in range(200):
        node = Sequence((node, Text("a"), node))
    sizes: list[int] = []
    assert effort(lambda: sizes.append(size_of_rules({"root": node}))) < AT_ONCE
    assert sizes[0] > MOST


_MULTIPLYING = [
    "^((([a-z]-){0,20}x){0,20}y){0,20}$",
    "^((([a-z]-){20}x){20}y){20}$",
    "^(((([a-z]{0,16}-|a){0,16}|b){0,16}|c){0,16}|d){0,16}$",
    "^(((((([a-z]-){0,9}x){0,9}y){0,9}z){0,9}|a){0,9}|b){0,9}$",
]


@pytest.mark.parametrize("pattern", _MULTIPLYING)
def test_pattern_whose_repeats_multiply_beyond_the_bound_is_refused_at_once(pattern: str) -> None:
    def refuse() -> None:
        with pytest.raises(InvalidRequestError, match="too large for the engine") as caught:
            regex_grammar(pattern)
        assert "nested" in caught.value.advice

    assert effort(refuse) < AT_ONCE


@pytest.mark.parametrize("pattern", _MULTIPLYING)
def test_part_of_many_classes_is_written_once_however_often_it_repeats(pattern: str) -> None:
    assert size_of_text(grammar_of({"type": "string", "pattern": pattern})) < MOST / 10


def test_grammar_beyond_the_bound_is_refused() -> None:
    def read(times: int) -> object:
        grammar = f'root ::= ([a-z] "-"){{{times}}}'
        return read_response_format({"type": "grammar", "grammar": grammar})

    assert read(MOST // 5) is not None
    with pytest.raises(
        InvalidRequestError, match=r"response_format\.grammar: the grammar"
    ) as caught:
        read(MOST // 5 + 1)
    assert caught.value.param == "response_format.grammar"


def test_grammar_inside_a_structural_tag_is_bounded_too() -> None:
    def read(times: int) -> object:
        part = {"type": "grammar", "grammar": f'root ::= ([a-z] "-"){{{times}}}'}
        tag = {"type": "structural_tag", "format": {"type": "sequence", "elements": [part]}}
        return read_response_format({"type": "structural_tag", "structural_tag": tag})

    assert read(5) is not None
    with pytest.raises(InvalidRequestError, match="too large for the engine"):
        read(MOST)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "maxLength": 100_000},
        {"type": "array", "items": {"type": "string", "maxLength": 1000}, "maxItems": 10_000},
        {"type": "object", "properties": {f"p{i}": {"type": "string"} for i in range(60)}},
    ],
)
def test_usual_schemas_are_far_below_the_bound(schema: dict[str, object]) -> None:
    assert size_of_text(grammar_of(schema)) < MOST / 10
