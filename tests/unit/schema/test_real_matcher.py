"""Grammars in the engine's own matcher, under Node: what it accepts, and what its masks allow."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator
from pydantic import AnyUrl, BaseModel, Field, HttpUrl, NaiveDatetime, WebsocketUrl
from pywebllm.schema import build, grammar_of, schema_of
from pywebllm.schema.grammars import counted_grammar_of

from bench.schema.engines import NodeMatcher
from tests.unit.schema.cases import Case, documents

FORMATS = Draft202012Validator.FORMAT_CHECKER


@pytest.fixture(scope="module")
def matcher() -> Iterator[NodeMatcher]:
    with NodeMatcher() as found:
        yield found


Write = Callable[[Any], dict[str, Any]]


def exact(schema: Any) -> dict[str, Any]:
    return {"ebnf": grammar_of(schema)}


def counted(schema: Any) -> dict[str, Any]:
    """As WebLLM gets it, with the lengths beside the grammar."""
    found = counted_grammar_of(schema)
    return {"ebnf": found.grammar, "lengths": found.lengths}


@pytest.fixture(scope="module", params=[exact, counted])
def write(request: pytest.FixtureRequest) -> Write:
    found: Write = request.param
    return found


def accepted(matcher: NodeMatcher, task: dict[str, Any], values: list[Any]) -> list[Any]:
    texts = [json.dumps(value, ensure_ascii=False) for value in values]
    accepts = matcher.ask(**task, texts=texts)["accepts"]
    return [value for value, is_in in zip(values, accepts, strict=True) if is_in]


def string(**keywords: Any) -> dict[str, Any]:
    return {"type": "string", **keywords}


KINDS: dict[str, Any] = {"oneOf": [{"required": ["a"]}, {"required": ["b"]}]}
OPEN: dict[str, Any] = {"properties": {"a": {"type": "integer"}}, "additionalProperties": True}
SET: dict[str, Any] = {"uniqueItems": True, "items": {"enum": ["a", "b", "c"]}}
IF: dict[str, Any] = {
    "type": "object",
    "properties": {"kind": {"enum": ["cat", "dog"]}, "lives": {"type": "integer"}},
    "required": ["kind"],
    "if": {"properties": {"kind": {"const": "cat"}}},
    "then": {"required": ["lives"]},
}
X: dict[str, Any] = {"^x-": {"type": "integer"}}

CASES: list[tuple[dict[str, Any], list[Any], list[Any]]] = [
    (
        string(format="uri"),
        [
            "https://user@www.my-site.example.org:8080/a%20b/c?q=1&r=2#part", "http://localhost",
            "http://127.0.0.1/", "http://[::1]:80/x", "mailto:ada@example.org", "urn:isbn:045145",
        ],
        ["no scheme", "http://a b", "http://%zz", "http://host:port/"],
    ),
    (string(format="uri", maxLength=2083), ["https://example.org/a?b=%20#c"], ["x y"]),
    (
        string(format="email"),
        ["x@example.technology", "a.b+c@mail.example.org", "x@localhost"],
        ["x", "a..b@example.org", f"a@{'b' * 64}.org"],
    ),
    *(
        (
            string(format="email", maxLength=most),
            [
                "jennifer.smith@mail.example.com", "x@example.technology", "o'brien+n@my-firm.io",
                "customer.service@international-business.com",
                "a" * min(most // 2 - 5, 36) + "@b.org",
            ],
            ["a" * (most - 4) + "@b.org", "a..b@example.org", f"a@{'b' * 64}.org", "x@-a.org", "x"],
        )
        for most in (50, 99, 100, 254, 500)
    ),
    *(
        (
            string(minLength=least, maxLength=most),
            ["é" * least, "a" * (least + 1), '"\\\n' * (most // 3), "中" * (most - 1), "x" * most],
            [*(["a" * (least - 1)] if least else []), "a" * (most + 1), "a" * (2 * most)],
        )
        for least, most in ((0, 16), (0, 17), (3, 31), (0, 80), (20, 64), (1, 500), (100, 4096))
    ),
    (
        string(pattern="^#[a-zA-Z_-]{0,20}([.][a-zA-Z]{2,40}){1,3}$"),
        ["#a.bc", "#.ab.cd.ef", f"#{'a' * 20}.{'b' * 40}"],
        [f"#{'a' * 21}.bc", f"#a.{'b' * 41}", "#a", "#a.bc.de.fg.hi"],
    ),
    (
        string(format="hostname"),
        ["localhost", "a-b-c.example.com", "a" * 63],
        ["a" * 64, "-a", "a-", "a..b"],
    ),
    (string(format="duration"), ["P1M", "PT0.5S", "P1Y2M3DT4H5M6S", "P2W"], ["P", "PT", "P1S"]),
    (string(format="uuid"), ["123E4567-E89B-12D3-A456-426614174000"], ["123"]),
    (string(format="x-own"), ["anything"], []),
    (string(format="date", pattern="^2024"), ["2024-02-29"], ["2023-01-01", "2024-02-30"]),
    (
        string(pattern="^[a-z0-9]+(-[a-z0-9]+)*$", maxLength=50),
        ["kubernetes-dashboard", "a" * 50],
        ["a" * 51, "a--b"],
    ),
    (string(pattern="^(\\w+ )*\\w+$", maxLength=20), ["hello world"], ["hello  world", "a " * 10]),
    ({"type": "string", "nullable": True, "enum": ["a"]}, ["a"], [None]),
    ({"type": "string", "nullable": True, "enum": ["a", None]}, ["a", None], ["b"]),
    ({"type": "string", "not": {"enum": ["a"]}}, ["b", "aa", ""], ["a"]),
    ({"type": "string", "not": {"pattern": "b"}}, ["a", ""], ["abc"]),
    ({"type": ["string", "integer"], "not": {"type": "string"}}, [1], ["a"]),
    ({"type": "integer", "not": {"const": 5}}, [4, 6, -5], [5]),
    ({"type": "number", "multipleOf": 0.01}, [1.25, 3, -0.5], [1.255]),
    ({"type": "integer", "format": "uint8"}, [0, 255], [-1, 256]),
    ({"type": "object", **OPEN}, [{"a": 1, "b": "x"}, {"b": [None]}], [{"a": "x"}]),
    ({"type": "object", "patternProperties": X}, [{"x-a": 1}, {}], [{"a": 1}, {"x-a": "b"}]),
    ({"type": "object", "required": ["a"]}, [{"a": 1, "b": 2}], [{"b": 2}]),
    ({"type": "object", **KINDS}, [{"a": 1}, {"b": 2}], [{}, {"a": 1, "b": 2}]),
    (
        {"properties": {"a": {}, "b": {}}, "dependentRequired": {"a": ["b"]}},
        [{"b": 1}, {"a": 1, "b": 2}, {}],
        [{"a": 1}],
    ),
    ({"properties": {"a": {}, "b": {}}, "minProperties": 1}, [{"a": 1}, {"b": 1}], [{}]),
    ({"properties": {"a": {}, "b": {}}, "maxProperties": 1}, [{"a": 1}, {}], [{"a": 1, "b": 1}]),
    (IF, [{"kind": "dog"}, {"kind": "cat", "lives": 9}], [{"kind": "cat"}]),
    (SET, [[], ["a"], ["c", "a"]], [["a", "a"], ["d"]]),
    ({"items": {"type": "integer"}, "contains": {"minimum": 5}}, [[5], [1, 7, 2]], [[], [1]]),
    ({"type": "array", "items": [{"const": 1}], "additionalItems": {"const": 2}}, [[1, 2]], [[2]]),
    ({"$ref": "#a", "$defs": {"A": {"$anchor": "a", "const": 1}}}, [1], [2]),
]  # fmt: skip


SHORT = string(maxLength=3)
TREE: dict[str, Any] = {
    "type": "object",
    "properties": {"name": SHORT, "inner": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}},
    "required": ["name", "inner"],
}

# Where the bridge counts, and where only the grammar can.
COUNTED: list[tuple[dict[str, Any], list[Any], list[Any]]] = [
    ({"properties": {"a": SHORT, "b": string()}}, [{"a": "abc", "b": "abcd"}], [{"a": "abcd"}]),
    ({"additionalProperties": SHORT}, [{"x": "abc", "abcd": "ab"}], [{"x": "ab", "y": "abcd"}]),
    ({"items": SHORT, "minItems": 1}, [["abc", "a"], ['"\\\n']], [["a", "abcd"], ['a"\\\n']]),
    (
        {"prefixItems": [SHORT, string()], "items": string(maxLength=5), "minItems": 3},
        [["abc", "abcdef", "abcde"]],
        [["abcd", "a", "a"], ["a", "a", "a", "abcdef"]],
    ),
    (TREE, [{"name": "a", "inner": {"name": "abc", "inner": None}}],
     [{"name": "a", "inner": {"name": "abcd", "inner": None}}]),
    ({"anyOf": [SHORT, {"type": "null"}]}, ["abc", None], ["abcd"]),
    # Which of the two a string is, the bridge cannot tell.
    ({"anyOf": [SHORT, string(pattern="^x{5}$")]}, ["abc", "xxxxx"], ["abcd", "xxxxxx"]),
    (
        {"anyOf": [
            {"properties": {"k": {"const": 1}, "v": SHORT}, "required": ["k", "v"]},
            {"properties": {"k": {"const": 2}, "v": string(maxLength=5)}, "required": ["k", "v"]},
        ]},
        [{"k": 1, "v": "abc"}, {"k": 2, "v": "abcde"}],
        [{"k": 1, "v": "abcd"}, {"k": 2, "v": "abcdef"}],
    ),
    ({"properties": {"a\"é": SHORT}}, [{'a"é': "é中😀"}], [{'a"é': "é中😀a"}]),
    (string(pattern="^(ab)*$", maxLength=5), ["", "abab"], ["ababab", "aba"]),
    (string(pattern="^(ab)*c?$", minLength=3, maxLength=5), ["abc", "ababc"], ["c", "abababc"]),
    (string(format="date", maxLength=10), ["2024-02-29"], ["2024-02-30"]),
    (string(format="uri", maxLength=20), ["http://[::1]/%20abcd"], ["http://[::1]/%20abcde"]),
]  # fmt: skip

# The grammar alone gives the parts of these shares of the length.
WIDER: list[tuple[dict[str, Any], list[Any], list[Any]]] = [
    (string(format="hostname", maxLength=70), ["a" * 63 + ".bcdef", "a-b.c--d", "abc--d"],
     ["ab--c", "a" * 63 + ".bcdefgh", "a" * 64, "x.ab--c"]),
    (string(format="hostname"), [".".join(["a" * 62] * 4)], [".".join(["a" * 62] * 4) + ".bcd"]),
    (string(format="uri"), ["http://[::1]/%20", "http://[fe80::1:2]:80/"],
     ["http://[::1::]/", "http://[1:2]/", "a:%2", "a:%2g", "a:%", "http://[]/", "http://[::1"]),
    (
        string(format="uri", maxLength=60),
        ["https://a-rather-long-host-name.example.com/and/a/path?x=1#y"],
        ["https://a-rather-long-host-name.example.com/and/a/path?x=1#yz"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "fitting", "others"), [*CASES, *COUNTED])
def test_values_that_fit_can_be_written_and_no_others(
    matcher: NodeMatcher,
    write: Write,
    schema: dict[str, Any],
    fitting: list[Any],
    others: list[Any],
) -> None:
    assert accepted(matcher, write(schema), [*fitting, *others]) == fitting


@pytest.mark.parametrize(("schema", "fitting", "others"), [*CASES, *COUNTED, *WIDER])
def test_masks_allow_the_values_that_fit_and_no_others(
    matcher: NodeMatcher, schema: dict[str, Any], fitting: list[Any], others: list[Any]
) -> None:
    values = [*fitting, *others]
    texts = [json.dumps(value, ensure_ascii=False) for value in values]
    found = matcher.ask(**counted(schema), texts=texts, masks=True, long=LONG)
    assert [value for value, is_in in zip(values, found["masks"], strict=True) if is_in] == fitting


LONG = ["the quick brown fox", "aaaaaaaaaaaaaaaaaaaaaaaaa", "-" * 40, "example.com", "a.b", "x-1"]


@pytest.mark.parametrize("most", [16, 19, 24, 48, 49, 100])
@pytest.mark.parametrize(
    "keywords",
    [{}, {"pattern": "^[^,]*$"}, {"pattern": "^[a-z]+( [a-z]+)*$"}, {"format": "email"}],
)
def test_no_mask_allows_a_token_beyond_the_length(
    matcher: NodeMatcher, write: Write, keywords: dict[str, Any], most: int
) -> None:
    """Tokens longer than what is left, near the end and far from it."""
    schema = string(maxLength=most, **keywords)
    found = matcher.ask(**write(schema), texts=[], draw=12, seed=most, long=LONG)
    assert len(found["drawn"]) > 3
    for drawn in found["drawn"]:
        Draft202012Validator(schema, format_checker=FORMATS).validate(json.loads(drawn))


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(case=documents())
def test_text_drawn_from_the_masks_fits_and_a_fitting_value_is_accepted(
    matcher: NodeMatcher, write: Write, case: Case
) -> None:
    schema, value = case
    text = json.dumps(value, ensure_ascii=False)
    found = matcher.ask(**write(schema), texts=[text], draw=3)
    assert found["accepts"] == [True]
    for drawn in found["drawn"]:
        Draft202012Validator(schema, format_checker=FORMATS).validate(json.loads(drawn))


@pytest.mark.parametrize("name", ["root", "true", "false", "null", "TagDispatch", "0", "-", "é"])
def test_property_may_have_any_name(matcher: NodeMatcher, name: str) -> None:
    """A rule is named like the property of its object, and some names are words of the grammar."""
    nested = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
    schema = {"type": "object", "properties": {name: nested}, "required": [name]}
    fitting = {name: {"a": 1}}
    assert accepted(matcher, exact(schema), [fitting, {name: {}}]) == [fitting]


# The validator is of draft 2020-12, which has neither `nullable` nor a list in `items`.
OLDER = ("nullable", "additionalItems")


@pytest.mark.parametrize("schema", [it for it, *_ in CASES if it.keys().isdisjoint(OLDER)])
def test_text_drawn_for_each_keyword_fits(
    matcher: NodeMatcher, write: Write, schema: dict[str, Any]
) -> None:
    found = matcher.ask(**write(schema), texts=[], draw=6)
    for drawn in found["drawn"]:
        Draft202012Validator(schema, format_checker=FORMATS).validate(json.loads(drawn))


class Order(BaseModel):
    price: Decimal
    cost: Decimal = Field(max_digits=6, decimal_places=2)
    site: HttpUrl
    any_site: AnyUrl
    socket: WebsocketUrl
    counts: dict[int, str]
    local: NaiveDatetime
    day: date = Field(ge=date(2024, 5, 31), lt=date(2025, 2, 1))
    wait: timedelta
    kinds: set[Literal["a", "b"]]


def test_text_drawn_for_a_pydantic_model_is_read_by_it(matcher: NodeMatcher, write: Write) -> None:
    found = matcher.ask(**write(schema_of(Order)), texts=[], draw=20, seed=7)
    assert len(found["drawn"]) > 3
    for drawn in found["drawn"]:
        assert isinstance(build(Order, drawn), Order)
