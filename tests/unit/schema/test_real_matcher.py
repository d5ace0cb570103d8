"""Grammars in the engine's own matcher, under Node: what it accepts, and what its masks allow."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path, PurePath
from typing import Any, Literal
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator
from pydantic import (
    AnyUrl,
    Base64Bytes,
    BaseModel,
    Field,
    HttpUrl,
    IPvAnyAddress,
    NaiveDatetime,
    WebsocketUrl,
)
from pywebllm.schema import build, grammar_of, schema_of
from pywebllm.schema.grammars import counted_grammar_of

from bench.schema.engines import NodeMatcher
from tests.unit.schema.cases import Case, documents
from tests.unit.schema.values import CASES, COUNTED, WIDER, string

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


class Tags(BaseModel):
    names: set[str]
    frozen: frozenset[str] = Field(min_length=1)


def test_set_of_strings_is_one_from_the_schema_of_pydantic_and_from_the_class(
    matcher: NodeMatcher,
) -> None:
    """The SDK sends what pydantic writes; `parse` describes the class."""
    repeated = '{"names": ["a", "a"], "frozen": ["a"]}'
    text = '{"names": ["a", "b"], "frozen": ["a"]}'
    for schema, takes_repeated in ((Tags.model_json_schema(), False), (schema_of(Tags), True)):
        found = matcher.ask(**counted(schema), texts=[text, repeated], draw=10, seed=5)
        assert found["accepts"] == [True, takes_repeated]
        for drawn in found["drawn"]:
            assert isinstance(build(Tags, drawn), Tags)
    assert build(Tags, repeated) == Tags(names={"a"}, frozen=frozenset({"a"}))


class Plain(BaseModel):
    """Of which pydantic's own schema says all that can be held."""

    site: HttpUrl
    key: Base64Bytes
    wait: timedelta
    folder: Path
    raw: bytes
    address: IPvAnyAddress
    id: UUID


def test_text_drawn_for_the_schema_that_pydantic_writes_is_of_the_formats_it_names(
    matcher: NodeMatcher,
) -> None:
    schema = Plain.model_json_schema()
    value = {
        "site": "https://example.org/?q=1#a", "key": "YWI=", "wait": "P1Y2M3DT4H5M6S",
        "folder": "a/b.txt", "raw": "ab", "address": "::1",
        "id": "123E4567-E89B-12D3-A456-426614174000",
    }  # fmt: skip
    wrong = [{**value, name: "{"} for name in ("site", "key", "wait", "address", "id")]
    assert accepted(matcher, counted(schema), [value, *wrong]) == [value]
    assert Plain.model_validate(value).folder == PurePath("a/b.txt")
    found = matcher.ask(**counted(schema), texts=[], draw=10, seed=3)
    for drawn in found["drawn"]:
        Draft202012Validator(schema, format_checker=FORMATS).validate(json.loads(drawn))
