"""Schemas of any size become a grammar at once, or are refused with advice."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pywebllm.errors import InvalidRequestError
from pywebllm.schema import grammar_of

from tests.unit.effort import effort

pytestmark = pytest.mark.timeout(60)

AT_ONCE = 5000  # as `effort` measures it: five seconds or less; most take milliseconds
MOST = 1500  # characters of a message


def nested(depth: int, wrap: Any, inner: Any) -> Any:
    for _ in range(depth):
        inner = wrap(inner)
    return inner


def optional(count: int) -> dict[str, Any]:
    properties = {f"p{i}": {"type": "string"} for i in range(count)}
    return {"type": "object", "properties": properties, "additionalProperties": False}


def chain(count: int) -> dict[str, Any]:
    steps = {f"d{i}": {"$ref": f"#/$defs/d{i + 1}"} for i in range(count)}
    return {"$defs": {**steps, f"d{count}": {"type": "null"}}, "$ref": "#/$defs/d0"}


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "lowest integer": ({"type": "integer", "minimum": 10**400}, "more than 50 digits"),
    "highest integer": ({"type": "integer", "maximum": -(10**400)}, "more than 50 digits"),
    "highest number": ({"type": "number", "maximum": -1.7e308}, "more than 50 digits"),
    "integer of many digits": ({"type": "integer", "maximum": 10**5000}, "1,000 digits"),
    "step": ({"type": "integer", "multipleOf": 10**60}, "more than 50 digits"),
    "length": ({"type": "string", "minLength": 10**400}, "an integer from 0"),
    "groups": ({"type": "string", "pattern": "(" * 400 + "a" + ")" * 400}, "nested more than 50"),
    "open groups": ({"type": "string", "pattern": "(" * 5000}, "nested more than 50"),
    "quantifier": ({"type": "string", "pattern": "a{" + "9" * 5000 + "}"}, "above 10000"),
    "pattern": ({"type": "string", "pattern": "a" * 20_000}, "more than 10,000 characters"),
    "patterns": (
        {"enum": ["a"], "anyOf": [{"pattern": "a" * 999}] * 11},
        "more than 10,000 characters",
    ),
    "optional properties": (optional(300), "more than 200 optional"),
    "values": ({"enum": list(range(30_000))}, "more than 20,000 values"),
    "value in many places": (nested(50, lambda it: {"anyOf": [it, it]}, {}), "20,000 values"),
    "characters": ({"enum": ["a" * 2_000_000]}, "more than 300,000 characters"),
    "arrays": (nested(2000, lambda it: {"items": it}, {}), "nested too deeply"),
    "objects": (nested(400, lambda it: {"properties": {"a": it}}, {}), "nested too deeply"),
    "choices": (nested(400, lambda it: {"anyOf": [it, {"type": "null"}]}, {}), "too deeply"),
    "constant": ({"const": nested(2000, lambda it: [it], 1)}, "nested too deeply"),
    "references": (chain(1500), "too deep"),
    "tuple": ({"type": "array", "prefixItems": [{"type": "null"}] * 3000}, "too deep"),
    "value of another type": ({"const": {1, 2}}, "what JSON can"),
}


@pytest.mark.parametrize(("schema", "words"), REFUSED.values(), ids=list(REFUSED))
def test_too_large_schema_is_refused_at_once_with_advice(
    schema: dict[str, Any], words: str
) -> None:
    def refuse() -> None:
        with pytest.raises(InvalidRequestError, match=words) as caught:
            grammar_of(schema)
        assert caught.value.advice != InvalidRequestError.advice
        assert len(str(caught.value)) < MOST

    assert effort(refuse) < AT_ONCE


@pytest.mark.parametrize(
    ("schema", "same"),
    [
        ({"type": "number", "maximum": 1.7976931348623157e308}, {"type": "number"}),
        ({"type": "number", "minimum": -(10**400)}, {"type": "number"}),
        ({"type": "integer", "exclusiveMaximum": 10**400}, {"type": "integer"}),
        (
            {"type": "integer", "minimum": 0, "maximum": 10**150},
            {"type": "integer", "minimum": 0},
        ),
    ],
)
def test_bound_beyond_all_numbers_that_are_written_limits_nothing(
    schema: dict[str, Any], same: dict[str, Any]
) -> None:
    assert grammar_of(schema) == grammar_of(same)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "integer", "minimum": 0, "maximum": 2**128},
        {"type": "array", "maxItems": 2**63 - 1},
        {"type": "string", "pattern": "(" * 50 + "a" + ")" * 50},
        optional(200),
        {**optional(1000), "required": [f"p{i}" for i in range(1000)]},
        {"enum": [f"value {i}" for i in range(5000)]},
        {"enum": ["a" * 9000 + str(i) for i in range(30)]},
    ],
    ids=["integer", "items", "groups", "optional", "required", "enum", "prefix"],
)
def test_large_schema_becomes_a_grammar_at_once(schema: dict[str, Any]) -> None:
    grammars: list[str] = []
    assert effort(lambda: grammars.append(grammar_of(schema))) < AT_ONCE
    assert grammars[0].startswith("root ::= ")


BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
INTEGERS = st.builds(
    lambda sign, base, exponent: sign * base**exponent,
    st.sampled_from([1, -1]),
    st.integers(2, 10),
    st.integers(0, 1200),
)
NUMBERS = INTEGERS | st.floats(allow_nan=False, allow_infinity=False)
COUNTS = st.integers(0, 10**6) | INTEGERS.map(abs)
PATTERNS = st.builds(
    lambda parts, count: "|".join(parts) * count,
    st.lists(st.sampled_from(["a", "(b|c)", "[^d]", "(((e)))", "f{2,300}", "\\d+", "(g?){9}"])),
    st.integers(1, 200),
)
NAMES = st.builds(lambda text, count: text * count, st.text(max_size=3), st.integers(1, 3000))
LEAVES: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.fixed_dictionaries(
        {"type": st.sampled_from(["number", "integer"])},
        optional=dict.fromkeys(
            ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"), NUMBERS
        ),
    ),
    st.fixed_dictionaries({"type": st.just("string"), "pattern": PATTERNS}),
    st.fixed_dictionaries(
        {"type": st.just("string")}, optional={"minLength": COUNTS, "maxLength": COUNTS}
    ),
    st.builds(
        lambda value, count: {"enum": [f"{value}{i}" for i in range(count)]},
        NAMES,
        st.integers(1, 300),
    ),
)


def _wider(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.one_of(
        st.builds(
            lambda items, count: {"type": "array", "items": items, "maxItems": count},
            inner,
            COUNTS,
        ),
        st.builds(
            lambda schemas, name, keyword: {keyword: schemas * (1 + len(name) // 100)},
            st.lists(inner, min_size=1, max_size=4),
            NAMES,
            st.sampled_from(["anyOf", "allOf", "prefixItems"]),
        ),
        st.builds(
            lambda schema, name, count, needed: {
                "type": "object",
                "properties": {f"{name}{i}": schema for i in range(count)},
                "required": [f"{name}{i}" for i in range(0, count, needed)],
            },
            inner,
            NAMES,
            st.integers(0, 300),
            st.integers(1, 300),
        ),
        st.builds(
            lambda schema, depth: nested(depth, lambda it: {"items": it, "type": "array"}, schema),
            inner,
            st.integers(1, 150),
        ),
    )


# A schema that fails is large, and shown nevertheless.
@pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisWarning")
@given(st.recursive(LEAVES, _wider, max_leaves=5))
@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_schema_of_any_size_becomes_a_grammar_or_is_refused_at_once(schema: dict[str, Any]) -> None:
    def read() -> None:
        try:
            grammar = grammar_of(schema)
        except InvalidRequestError as error:
            assert error.advice != InvalidRequestError.advice  # noqa: PT017, most are accepted
            assert len(str(error)) < MOST  # noqa: PT017
        else:
            assert grammar.startswith("root ::= ")

    assert effort(read) < AT_ONCE
