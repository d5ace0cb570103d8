"""What the grammars say in particular, and what is refused."""

from __future__ import annotations

import json
import random
import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pywebllm.errors import InvalidRequestError
from pywebllm.schema import grammar_of, json_object_grammar

from tests.unit.schema.ebnf import Grammar

TREE = {
    "$defs": {
        "Tree": {
            "type": "object",
            "properties": {
                "name": {"type": "string"},
                "children": {"type": "array", "items": {"$ref": "#/$defs/Tree"}},
            },
            "required": ["name"],
        }
    },
    "$ref": "#/$defs/Tree",
}


def grammar(schema: Any) -> Grammar:
    return Grammar.read(grammar_of(schema))


def refusal(schema: Any) -> InvalidRequestError:
    with pytest.raises(InvalidRequestError) as caught:
        grammar_of(schema)
    assert caught.value.param == "response_format"
    return caught.value


def fits(schema: Any, value: object) -> bool:
    return grammar(schema).accepts(json.dumps(value, ensure_ascii=False))


def test_white_space_is_that_of_json_dumps_and_no_other() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "array", "items": {}}, "b": {}}}
    found = grammar(schema)
    assert found.accepts('{"a": [1, {"x": 2}], "b": null}')
    for text in ('{"a":[]}', '{ "a": []}', '{"a": [1,2]}', '{"a": []}\n', '{"a": [],  "b": 1}'):
        assert not found.accepts(text), text


@pytest.mark.parametrize("kept", range(16))
def test_optional_properties_may_be_left_out_in_any_combination(kept: int) -> None:
    names = [name for at, name in enumerate("abcd") if kept >> at & 1]
    schema = {
        "type": "object",
        "properties": {name: {"type": "boolean"} for name in "abcd"},
        "required": ["c"],
    }
    assert fits(schema, dict.fromkeys(names, True)) is ("c" in names)


def test_many_optional_properties_make_a_grammar_of_linear_size() -> None:
    def size(count: int) -> int:
        names = {f"p{at:03}": {"type": "string"} for at in range(count)}
        return len(grammar_of({"type": "object", "properties": names}))

    assert size(200) < 2.2 * size(100)


def test_properties_come_in_the_order_of_the_schema() -> None:
    schema = {"type": "object", "properties": {"b": {}, "a": {}}, "required": ["a", "b"]}
    assert fits(schema, {"b": 1, "a": 2})
    assert not fits(schema, {"a": 2, "b": 1})


def test_an_object_with_properties_is_closed_unless_it_says_more() -> None:
    properties = {"a": {"type": "integer"}, "é": {}}
    assert not fits({"properties": properties}, {"b": 1})
    more = {"properties": properties, "additionalProperties": {"type": "string"}}
    assert fits(more, {"a": 1, "ab": "x", "b": "y"})
    assert not fits(more, {"a": "x"})
    assert fits({"type": "object", "properties": {}}, {})
    assert not fits({"type": "object", "properties": {}}, {"a": 1})


def test_an_object_without_properties_is_a_map() -> None:
    assert fits({"type": "object"}, {"a": [1, {"b": None}], "": 2})
    assert json_object_grammar() == grammar_of({"type": "object"})
    listed = {"type": "object", "propertyNames": {"enum": ["x", "y"]}}
    assert fits(listed, {"y": 1})
    assert not fits(listed, {"z": 1})


@pytest.mark.parametrize("low", [-130, -10, -1, 0, 1, 7, 99, 100])
@pytest.mark.parametrize("high", [-99, 0, 1, 9, 10, 101, 1234])
@pytest.mark.parametrize("step", [1, 2, 7, 25])
def test_an_integers_bounds_are_kept_exactly(low: int, high: int, step: int) -> None:
    wanted = {number for number in range(-200, 1300) if low <= number <= high and not number % step}
    schema = {"type": "integer", "minimum": low, "maximum": high, "multipleOf": step}
    if not wanted:
        assert "no number fits" in str(refusal(schema))
        return
    found = grammar(schema)
    assert {number for number in range(-200, 1300) if found.accepts(str(number))} == wanted
    assert not found.accepts("-0")
    assert not found.accepts("01")


def test_an_integer_without_bounds_has_at_most_fifteen_digits() -> None:
    found = grammar({"type": "integer"})
    assert found.accepts("-" + "9" * 15)
    assert not found.accepts("1" * 16)
    beyond = grammar({"type": "integer", "minimum": 10**15})
    assert beyond.accepts(str(10**15))
    assert not beyond.accepts(str(10**15 - 1))


def test_large_multiples_are_written_digit_by_digit() -> None:
    found = grammar({"type": "integer", "multipleOf": 7})
    assert found.accepts(str(7 * 123456789))
    assert not found.accepts(str(7 * 123456789 + 1))


def test_numbers_have_no_exponent_and_keep_their_bounds() -> None:
    found = grammar({"type": "number", "exclusiveMinimum": 0.25, "maximum": 10})
    for text in ("0.26", "0.250001", "1", "9.99", "10", "10.0"):
        assert found.accepts(text), text
    for text in ("0.25", "0.250", "0.2", "0", "10.01", "1e0", "-1", "11", "1."):
        assert not found.accepts(text), text


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "integer", "exclusiveMinimum": 10**16},
        {"type": "number", "minimum": 10**16},
        {"type": "number", "exclusiveMinimum": 999999999999999, "maximum": 10**16},
    ],
)
def test_other_large_bounds_are_kept(schema: Any) -> None:
    found, chance = grammar(schema), random.Random(4)
    for _ in range(50):
        Draft202012Validator(schema).validate(json.loads(found.derive(chance)))


@pytest.mark.parametrize("text", ["Zoë", "Gonçalo", "Édith", "naïve", "øø1", "ßß", "Thảo b"])
def test_a_fixed_text_keeps_its_letters(text: str) -> None:
    schema = {"enum": [text, "x"]}
    found = grammar(schema)
    assert found.accepts(f'"{text}"')
    # The engine would read the letter and the digit as one number.
    assert not re.search(r"[\x80-\xff][0-9a-fA-F]", grammar_of(schema))


def test_length_counts_characters_and_not_their_escapes() -> None:
    found = grammar({"type": "string", "minLength": 2, "maxLength": 2})
    assert found.accepts('"é😀"')
    assert found.accepts('"\\n\\u0000"')
    assert not found.accepts('"a"')
    assert not found.accepts('"abc"')


@pytest.mark.parametrize("text", ['"\\u00e9"', '"\\/"', '"\n"', '"\\ud800"', '"\\u000a"', '"""'])
def test_a_character_has_one_spelling(text: str) -> None:
    assert not grammar({"type": "string"}).accepts(text)


def test_a_pattern_that_is_not_anchored_may_stand_anywhere() -> None:
    assert fits({"type": "string", "pattern": "b+"}, "abbc")
    assert not fits({"type": "string", "pattern": "^b+"}, "abbc")
    assert fits({"type": "string", "pattern": "^a|c$"}, "xc")


@pytest.mark.parametrize(
    ("pattern", "least", "most"),
    [
        ("^[a-z]+$", 3, 9),
        ("^[a-z]+@[a-z]+$", 5, 12),
        ("^[a-z0-9]+(-[a-z0-9]+)*$", 0, 20),
        ("^(ab|c)*$", 2, 7),
        ("x", 2, 5),
        ("^a?(bc)?$", 1, 3),
    ],
)
def test_a_pattern_keeps_a_length_beside_it(pattern: str, least: int, most: int) -> None:
    schema = {"type": "string", "pattern": pattern, "minLength": least, "maxLength": most}
    found, chance = grammar(schema), random.Random(1)
    for _ in range(200):
        Draft202012Validator(schema).validate(json.loads(found.derive(chance)))


@pytest.mark.parametrize("name", ["date", "date-time", "time", "email", "uri", "ipv6", "duration"])
def test_a_format_goes_with_a_length(name: str) -> None:
    schema = {"type": "string", "format": name, "minLength": 1, "maxLength": 2083}
    assert grammar(schema).derive(random.Random(2))


def test_an_address_within_a_large_length_is_made_of_few_short_parts() -> None:
    schema = {"type": "string", "format": "uri", "minLength": 1, "maxLength": 2083}
    assert fits(schema, "https://www.my-site.example.org/a/b~c.html")
    # The engine would look at all tokens for each character that a part may have.
    counts = [int(most) for most in re.findall(r"\{\d+,(\d+)\}", grammar_of(schema))]
    assert max(counts) < 32
    assert sum(counts) < 150


def test_a_long_address_can_be_asked_for() -> None:
    schema = {"type": "string", "format": "uri", "minLength": 500, "maxLength": 600}
    found = json.loads(grammar(schema).derive(random.Random(3)))
    Draft202012Validator(schema).validate(found)


def test_a_point_is_any_character_but_a_line_feed_and_a_carriage_return() -> None:
    schema = {"type": "string", "pattern": "^.$"}
    assert all(fits(schema, char) for char in "a\t\u2028\u2029é")
    assert not any(fits(schema, char) for char in "\n\r")


def test_dates_are_days_of_the_calendar() -> None:
    schema = {"type": "string", "format": "date"}
    for date in ("2024-02-29", "2000-02-29", "2023-12-31", "1999-04-30"):
        assert fits(schema, date), date
    for date in ("2023-02-29", "1900-02-29", "2023-04-31", "2023-13-01", "2023-00-10"):
        assert not fits(schema, date), date


def test_a_recursive_schema_becomes_a_recursive_grammar() -> None:
    assert fits(TREE, {"name": "a", "children": [{"name": "b", "children": []}, {"name": "c"}]})
    assert not fits(TREE, {"name": "a", "children": [{"children": []}]})


def test_keywords_beside_a_reference_and_all_of_are_joined() -> None:
    schema = {
        "$defs": {"Name": {"type": "string", "minLength": 2, "description": "A name."}},
        "allOf": [
            {"type": "object", "properties": {"a": {"$ref": "#/$defs/Name", "maxLength": 3}}},
            {"properties": {"b": {"const": 1}}, "required": ["b", "a"]},
        ],
    }
    assert fits(schema, {"a": "xyz", "b": 1})
    assert not fits(schema, {"a": "x", "b": 1})
    assert not fits(schema, {"a": "wxyz", "b": 1})
    assert not fits(schema, {"a": "xyz"})


def test_keywords_beside_a_choice_hold_for_each_branch() -> None:
    schema = {"type": ["string", "integer"], "anyOf": [{"maxLength": 2}, {"type": "integer"}]}
    assert fits(schema, "ab")
    assert fits(schema, 5)
    assert not fits(schema, "abc")


def test_a_bounded_choice_of_two_tagged_objects_may_be_one_of() -> None:
    def tagged(kind: str) -> dict[str, object]:
        return {
            "type": "object",
            "properties": {"kind": {"const": kind}, "size": {"type": "integer"}},
            "required": ["kind"],
        }

    assert fits({"oneOf": [tagged("cat"), tagged("dog")]}, {"kind": "dog", "size": 3})
    assert fits({"oneOf": [{"type": "string"}, {"type": "integer"}]}, 3)
    closed = {"type": "object", "additionalProperties": False}
    apart = [
        {**closed, "properties": {"a": {}}, "required": ["a"]},
        {**closed, "properties": {"b": {}}, "required": ["b"]},
    ]
    assert fits({"oneOf": apart}, {"b": 1})


def test_nullable_adds_null() -> None:
    schema = {"type": "string", "nullable": True}
    assert fits(schema, None)
    assert fits(schema, "a")


def test_a_type_is_seen_from_the_keywords_when_none_is_named() -> None:
    assert fits({"minimum": 3}, 4)
    assert not fits({"minimum": 3}, "a")
    assert fits({"items": {"type": "null"}}, [None])


def test_tuples_have_their_items_in_order() -> None:
    schema = {"type": "array", "prefixItems": [{"const": "a"}, {"type": "integer"}]}
    assert fits(schema, ["a", 1])
    assert fits(schema, ["a"])
    assert not fits(schema, ["a", 1, 2])
    assert not fits({**schema, "minItems": 2}, ["a"])
    assert fits({**schema, "items": {"type": "null"}, "maxItems": 4}, ["a", 1, None, None])


def test_what_only_describes_is_skipped() -> None:
    schema = {
        "title": "T", "description": "d", "default": 1, "examples": [2], "x-more": {"type": 3},
        "type": "integer", "discriminator": {"propertyName": "kind"}, "uniqueItems": False,
    }  # fmt: skip
    assert grammar_of(schema) == grammar_of({"type": "integer"})


REFUSED: list[tuple[Any, str, str]] = [
    ({"type": "array", "uniqueItems": True}, "$", "'uniqueItems'"),
    ({"properties": {"a": {"not": {}}}}, "$.properties.a", "'not'"),
    ({"properties": {"a b": {"if": {}}}}, "$.properties['a b']", "'if'"),
    ({"type": "object", "patternProperties": {}}, "$", "'patternProperties'"),
    ({"type": "string", "maxlength": 3}, "$", "'maxLength'"),
    ({"type": "string", "min_length": 3}, "$", "'minLength'"),
    ({"type": "text"}, "$", "'type' must be"),
    ({"type": "string", "maxLength": -1}, "$", "'maxLength' must be"),
    ({"type": "integer", "minimum": True}, "$", "'minimum' must be"),
    ({"type": "integer", "minimum": float("nan")}, "$", "'minimum' must be"),
    ({"type": "integer", "minimum": 3, "maximum": 2}, "$", "no number fits"),
    ({"type": "number", "exclusiveMinimum": 2, "maximum": 2}, "$", "no number fits"),
    ({"type": "integer", "multipleOf": 0.5}, "$", "'multipleOf'"),
    ({"type": "integer", "multipleOf": 99991}, "$", "too many remainders"),
    ({"type": "integer", "format": "uint8"}, "$", "'format': 'uint8'"),
    ({"type": "number", "minimum": 0.12345678901234567}, "$", "more than 15 digits"),
    ({"type": "number", "exclusiveMinimum": 10**16}, "$", "more than 15 digits"),
    ({"type": "number", "exclusiveMaximum": -(10**15)}, "$", "more than 15 digits"),
    ({"type": "string", "format": "iban"}, "$", "'format': 'iban'"),
    ({"type": "string", "format": "date", "pattern": "a"}, "$", "do not go together"),
    ({"type": "string", "minLength": 3, "maxLength": 2}, "$", "'minLength' must be at most 'maxLength', 2, got 3"),
    ({"type": "string", "format": "date", "maxLength": 5}, "$", "no string fits"),
    ({"type": "string", "pattern": "^(a*)*$", "maxLength": 5}, "$", "may be empty"),
    ({"type": "array", "minItems": 3, "maxItems": 2}, "$", "'minItems' must be at most 'maxItems', 2, got 3"),
    ({"items": [{"type": "string"}]}, "$", "'items' must be a schema"),
    ({"type": "object", "minProperties": 2}, "$", "'minProperties'"),
    ({"properties": {"a": {}}, "maxProperties": 0}, "$", "'maxProperties'"),
    ({"properties": {"a": {}}, "propertyNames": {}}, "$.propertyNames", "'propertyNames'"),
    ({"enum": [1], "minimum": 1}, "$", "'minimum' beside"),
    ({"enum": ["\ud800"]}, "$", "is not a JSON value"),
    ({"const": float("nan")}, "$", "is not a JSON value"),
    ({"enum": ["a"], "type": "integer"}, "$", "nothing fits"),
    ({"allOf": [{"type": "string"}, {"type": "integer"}]}, "$", "nothing fits"),
    ({"allOf": [{"pattern": "a"}, {"pattern": "b"}]}, "$.allOf[1]", "'pattern'"),
    ({"allOf": [{"prefixItems": [{}]}, {"items": {}}]}, "$.allOf[1]", "'prefixItems'"),
    ({"properties": {"a": False}, "required": ["a"]}, "$", "nothing fits"),
    ({"required": ["a"], "additionalProperties": False}, "$", "nothing fits"),
    ({"$ref": "#/$defs/None"}, "$", "there is no schema"),
    ({"$ref": "other.json"}, "$", "another document"),
    ({"$ref": "#name"}, "$", "anchor"),
    ({"$ref": "#"}, "$", "leads back to itself"),
    ({"anyOf": [{"$ref": "#"}, {"type": "null"}]}, "$.anyOf[0]", "leads back to itself"),
    ({"properties": {"a": {"$ref": "#"}}, "required": ["a"]}, "$", "no text of it ever ends"),
    ({"oneOf": [{"type": "integer"}, {"type": "number"}]}, "$", "may both fit"),
    ({"oneOf": [{"type": "object"}, {"required": ["a"]}]}, "$", "may both fit"),
    ({"oneOf": [{"oneOf": [{"const": 1}, {"const": 2}]}, {"const": 2}]}, "$", "may both fit"),
    ({"oneOf": [{"$ref": "#"}, {"type": "null"}]}, "$", "may both fit"),
    ({"oneOf": [{"enum": [1]}, {"enum": [1.0, 2]}]}, "$", "may both fit"),
    ({"properties": {"a": 3}}, "$", "'properties' must be"),
    ([], "$", "a schema must be an object, true or false, got []"),
    ({1: 2}, "$", "a keyword must be a string, got 1"),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "path", "problem"), REFUSED)
def test_what_cannot_be_honoured_is_refused_with_its_place(
    schema: Any, path: str, problem: str
) -> None:
    error = refusal(schema)
    assert error.problem.startswith(f"{path}: ")
    assert problem in str(error)


def test_a_refusal_names_the_parameter_that_the_schema_came_by() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        grammar_of({"not": {}}, param="tools")
    assert caught.value.param == "tools"


@pytest.mark.parametrize("keyword", ["anyOf", "allOf"])
def test_what_is_reached_on_many_ways_is_written_once(keyword: str) -> None:
    # Without that, this takes hours.
    definitions: dict[str, Any] = {
        str(at): {keyword: [{"$ref": f"#/$defs/{at + 1}"}, {"$ref": f"#/$defs/{at + 1}"}]}
        for at in range(40)
    }
    schema = {"$ref": "#/$defs/0", "$defs": {**definitions, "40": {"type": "null"}}}
    assert grammar_of(schema) == 'root ::= "null"\n'


def test_branches_of_one_of_that_are_choices_themselves_are_compared_once() -> None:
    definitions: dict[str, Any] = {
        str(at): {"anyOf": [{"$ref": f"#/$defs/{at + 1}"}, {"$ref": f"#/$defs/{at + 1}"}]}
        for at in range(40)
    }
    branches = [{"$ref": "#/$defs/0"}, {"anyOf": [{"const": 1}, {"const": 2}]}]
    schema = {"oneOf": branches, "$defs": {**definitions, "40": {"const": 3}}}
    assert fits(schema, 2)
    assert fits(schema, 3)


def test_a_schema_that_is_nested_too_deeply_is_refused() -> None:
    schema: dict[str, object] = {"type": "null"}
    for _ in range(100):
        schema = {"type": "array", "items": schema}
    assert "too deeply" in str(refusal(schema))


@pytest.mark.parametrize(
    "pattern",
    [
        "(?=a)", "(?<!a)b", "(a)\\1", "\\bword", "\\p{L}", "a++", "(?i)a", "[a", "(a", "a)", "*a",
        "a{2,1}", "a{x}", "[z-a]", "a^b", "a$b", "(^a)", "\\", "[\\w-z]", "[[:alpha:]]", "[]",
        "\\u12", "[\\u4e00-\\u9fff]", "a{99999}", "\\01", "[^\\d\\D]", "\ud800",
        "\\x+1", "\\x_1", "\\x1٣",
    ],
)  # fmt: skip
def test_patterns_outside_the_subset_are_refused(pattern: str) -> None:
    error = refusal({"type": "string", "pattern": pattern})
    assert "'pattern'" in error.problem


@pytest.mark.parametrize(("least", "most"), [(0, 48), (0, 49), (0, 500), (7, 100), (3, 2000)])
def test_long_repeats_are_written_in_blocks_and_keep_their_bounds(least: int, most: int) -> None:
    text = grammar_of({"type": "string", "minLength": least, "maxLength": most})
    found = Grammar.read(text)
    lengths = {0, least - 1, least, least + 1, 63, 64, 255, 256, most - 1, most, most + 1}
    for length in lengths:
        if length >= 0:
            assert found.accepts(f'"{"é" * length}"') is (least <= length <= most), length
    items = Grammar.read(grammar_of({"items": {"const": 1}, "minItems": least, "maxItems": most}))
    for length in (least, 50, most, most + 1):
        assert items.accepts(json.dumps([1] * length)) is (least <= length <= most), length
    # What xgrammar 0.1.27 is slow with.
    optional = [int(high) - int(low) for low, high in re.findall(r"\{(\d+),(\d+)\}", text)]
    assert max(optional) <= 48


@pytest.mark.parametrize(
    ("least", "most"), [(0, 7), (1, 8), (0, 9), (2, 24), (1, 35), (1, 48), (0, 49), (3, 300)]
)
def test_long_runs_of_a_set_keep_their_bounds_and_tell_few_characters_apart(
    least: int, most: int
) -> None:
    text = grammar_of({"type": "string", "pattern": f"^[^,]{{{least},{most}}}$"})
    escaped = grammar_of({"type": "string", "pattern": f'^[^"\\\\\\x00-\\x1f]{{{least},{most}}}$'})
    for found in map(Grammar.read, (text, escaped)):
        for length in range(most + 2):
            assert found.accepts(f'"{"é" * length}"') is (least <= length <= most), length
    # For each of them xgrammar 0.1.27 looks at all tokens when it reads the grammar.
    counts = re.findall(r"\]\{(?:\d+,)?(\d+)\}", escaped)
    assert sum(map(int, counts)) <= least + 10


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
