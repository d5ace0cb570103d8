"""Pydantic classes: used through their methods, never imported by the library."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from ipaddress import IPv4Network
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from jsonschema import Draft202012Validator
from pydantic import (
    AfterValidator,
    AliasChoices,
    AliasPath,
    AnyHttpUrl,
    Base64UrlBytes,
    BaseModel,
    ByteSize,
    ConfigDict,
    EmailStr,
    Field,
    HttpUrl,
    NameEmail,
    RootModel,
    StringConstraints,
    create_model,
)
from pydantic.dataclasses import dataclass as checked_dataclass
from pywebllm.errors import InvalidRequestError, ParseError
from pywebllm.schema import build, grammar_of, schema_of

from tests.unit.schema.interpreter import Grammar


class Color(Enum):
    RED = "red"
    BLUE = "blue"


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = Field(9, ge=1, le=9)


class Dog(BaseModel):
    kind: Literal["dog"]
    weight: Annotated[float, Field(gt=0, le=100)]


class Black(BaseModel):
    kind: Literal["bird"]
    color: Literal["black"]
    age: int


class White(BaseModel):
    kind: Literal["bird"]
    color: Literal["white"]


Bird = Annotated[Black | White, Field(discriminator="color")]


class Zoo(BaseModel):
    pets: list[Annotated[Cat | Bird | Dog, Field(discriminator="kind")]]


class Tree(BaseModel):
    name: str = Field(max_length=20)
    children: list[Tree] = Field(default_factory=list, max_length=3)


class Home(BaseModel):
    """Where things are."""

    name: str = Field(min_length=1, max_length=40, description="What it is called.")
    code: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}-\d{3}$", max_length=10)]
    size: int = Field(multiple_of=5, lt=1000, gt=-1)
    color: Color
    pet: Annotated[Cat | Dog, Field(discriminator="kind")]
    tree: Tree
    built: date
    seen: datetime
    opens: time
    stay: timedelta
    id: UUID
    site: HttpUrl
    other: AnyHttpUrl
    rooms: dict[str, int]
    by_color: dict[Color, int]
    place: tuple[float, float]
    note: str | None = None
    any: Any = None
    alias: int = Field(alias="theAlias")


class Strict(BaseModel, extra="forbid"):
    a: int


class Loose(BaseModel, extra="allow"):
    a: int


class Tagged(BaseModel):
    tags: set[str] = Field(min_length=1, max_length=3)
    inner: list[frozenset[int]]
    unique: set[int] = Field(alias="uniqueItems")


class Numbers(RootModel[set[int]]):
    pass


class Pair(BaseModel):
    both: set[str] = Field(min_length=2)


@checked_dataclass
class Ticket:
    seats: int = Field(ge=1, le=4, description="How many.")
    row: Annotated[str, Field(max_length=1)] = "A"
    names: list[str] = Field(default_factory=list, max_length=4)
    price: float = Field(default=9.5, gt=0, alias="cost")
    sold: bool = Field(default=False, init=False)


@dataclass
class Mistaken:
    seats: int = Field(ge=1)


@dataclass
class Holder:
    trees: list[Tree]
    home: Cat | None = None


def test_every_text_of_the_grammar_of_a_model_fits_it() -> None:
    schema = schema_of(Home)
    grammar, chance = Grammar.read(grammar_of(schema)), random.Random(5)
    for _ in range(60):
        text = grammar.derive(chance)
        Draft202012Validator(schema).validate(json.loads(text))
        assert isinstance(build(Home, text), Home)


@pytest.mark.parametrize("model", [Tree, Strict, Loose, Cat])
def test_json_of_a_model_is_read_back(model: type[BaseModel]) -> None:
    grammar = Grammar.read(grammar_of(schema_of(model)))
    chance = random.Random(6)
    for _ in range(20):
        found = build(model, grammar.derive(chance))
        assert build(model, found.model_dump_json()) == found


def test_recursive_model_becomes_a_recursive_grammar() -> None:
    grammar = Grammar.read(grammar_of(schema_of(Tree)))
    assert grammar.accepts('{"name": "a", "children": [{"name": "b", "children": []}]}')
    assert not grammar.accepts('{"name": "a", "children": [{"children": []}]}')


def test_dataclass_may_contain_models() -> None:
    schema = schema_of(Holder)
    Draft202012Validator.check_schema(schema)
    text = '{"trees": [{"name": "a", "children": [{"name": "b"}]}], "home": {"kind": "cat"}}'
    assert Grammar.read(grammar_of(schema)).accepts(text)
    found = build(Holder, text)
    assert found == Holder([Tree(name="a", children=[Tree(name="b")])], Cat(kind="cat", lives=9))


def test_sets_of_a_model_are_written_as_lists_and_lose_duplicates() -> None:
    schema = schema_of(Tagged)
    assert '"uniqueItems": true' not in json.dumps(schema)
    text = '{"tags": ["a", "a"], "inner": [[1, 1]], "uniqueItems": [2, 2]}'
    assert Grammar.read(grammar_of(schema)).accepts(text)
    made = {"tags": {"a"}, "inner": [frozenset({1})], "uniqueItems": {2}}
    assert build(Tagged, text) == Tagged.model_validate(made)


def test_model_may_be_a_set() -> None:
    assert Grammar.read(grammar_of(schema_of(Numbers))).accepts("[1, 1]")
    assert build(Numbers, "[1, 1]") == Numbers({1})


def test_set_of_a_model_of_at_least_two_items_is_refused() -> None:
    # ["a", "a"] would be one too few.
    with pytest.raises(InvalidRequestError, match="uniqueItems"):
        grammar_of(schema_of(Pair))


def test_validation_error_of_a_model_is_a_parse_error() -> None:
    with pytest.raises(ParseError, match="valid integer") as caught:
        build(Strict, '{"a": "x"}')
    assert caught.value.text == '{"a": "x"}'
    with pytest.raises(ParseError, match=r"\$\.trees\[0\]: "):
        build(Holder, '{"trees": [{}]}')


def test_library_never_imports_pydantic() -> None:
    code = "import sys; sys.path.insert(0, 'app'); import pywebllm.schema; print([*sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "'pywebllm.schema'" in done.stdout
    assert "pydantic" not in done.stdout


def test_pydantic_dataclass_is_described_by_its_fields() -> None:
    assert schema_of(Ticket) == {
        "type": "object",
        "properties": {
            "seats": {"type": "integer", "minimum": 1, "maximum": 4, "description": "How many."},
            "row": {"type": "string", "maxLength": 1, "default": "A"},
            "names": {"type": "array", "items": {"type": "string"}, "maxItems": 4},
            "cost": {"type": "number", "exclusiveMinimum": 0, "default": 9.5},
        },
        "required": ["seats"],
        "additionalProperties": False,
    }


def test_every_text_of_the_grammar_of_a_pydantic_dataclass_is_read() -> None:
    grammar, chance = Grammar.read(grammar_of(schema_of(Ticket))), random.Random(7)
    for _ in range(20):
        assert isinstance(build(Ticket, grammar.derive(chance)), Ticket)
    assert build(Ticket, '{"seats": 2, "cost": 3}').price == 3
    with pytest.raises(ParseError, match="less than or equal to 4"):
        build(Ticket, '{"seats": 5}')


def test_pydantic_field_in_a_plain_dataclass_is_refused() -> None:
    with pytest.raises(
        InvalidRequestError, match=r"Mistaken\.seats: a pydantic Field has no effect"
    ):
        schema_of(Mistaken)


def test_discriminated_union_may_contain_another() -> None:
    grammar, chance = Grammar.read(grammar_of(schema_of(Zoo))), random.Random(8)
    assert grammar.accepts('{"pets": [{"kind": "bird", "color": "black", "age": 3}]}')
    assert not grammar.accepts('{"pets": [{"kind": "bird", "color": "white", "age": 3}]}')
    for _ in range(20):
        assert isinstance(build(Zoo, grammar.derive(chance)), Zoo)


# As pydantic 2.12.5 writes them, which Pyodide 314 has; newer versions write any string.
DECIMALS_OF_2_12_5: dict[str, dict[str, Any]] = {
    "a": {
        "anyOf": [
            {"type": "number"},
            {"pattern": "^(?!^[-+.]*$)[+-]?0*\\d*\\.?\\d*$", "type": "string"},
        ]
    },
    "b": {
        "anyOf": [
            {"type": "number", "maximum": 100},
            {
                "pattern": "^(?!^[-+.]*$)[+-]?0*"
                "(?:\\d{0,4}|(?=[\\d.]{1,7}0*$)\\d{0,4}\\.\\d{0,2}0*$)",
                "type": "string",
            },
        ]
    },
}


@pytest.mark.parametrize("schema", DECIMALS_OF_2_12_5.values())
def test_decimal_of_an_older_pydantic_is_a_number(schema: dict[str, Any]) -> None:
    grammar = Grammar.read(grammar_of(schema))
    assert grammar.accepts("12.5")
    assert not grammar.accepts('"12.5"')
    assert grammar.accepts("101") is ("maximum" not in str(schema))


class Carrier(BaseModel):
    network: IPv4Network
    size: ByteSize
    signal: complex
    key: Base64UrlBytes
    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3)]


def test_types_of_which_pydantic_writes_less_than_it_checks() -> None:
    grammar, chance = Grammar.read(grammar_of(schema_of(Carrier))), random.Random(9)
    for _ in range(30):
        assert isinstance(build(Carrier, grammar.derive(chance)), Carrier)


def test_email_address_of_a_model_is_one_that_it_takes() -> None:
    pytest.importorskip("email_validator")
    contact = create_model("Contact", email=(EmailStr, ...), named=(NameEmail, ...))
    schema: dict[str, Any] = dict(schema_of(contact))
    grammar, chance = Grammar.read(grammar_of(schema)), random.Random(9)
    for _ in range(30):
        assert isinstance(build(contact, grammar.derive(chance)), contact)
    email = Grammar.read(grammar_of(schema["properties"]["email"]))
    for text in ("jennifer.o'brien+news@mail.my-firm.co.uk", "a@b.technology"):
        assert email.accepts(json.dumps(text))
    for text in ("x@localhost", "x@firm.local", "x@firm.TEST"):
        assert not email.accepts(json.dumps(text))


@dataclass
class Checked:
    value: Annotated[str, AfterValidator(str.upper)]


@dataclass
class Priced:
    value: Annotated[Decimal, Field(max_digits=3, decimal_places=1)]


@dataclass
class Stripped:
    value: list[Annotated[str, StringConstraints(strip_whitespace=True)]]


@pytest.mark.parametrize("type_", [Checked, Priced, Stripped])
def test_annotation_that_only_pydantic_applies_is_refused_elsewhere(type_: Any) -> None:
    with pytest.raises(InvalidRequestError, match="has an effect in a pydantic class only"):
        schema_of(type_)


@checked_dataclass
class Applied:
    value: Annotated[str, AfterValidator(str.upper)]


def test_pydantic_dataclass_applies_its_annotations() -> None:
    assert schema_of(Applied)["properties"] == {"value": {"type": "string"}}
    assert build(Applied, '{"value": "a"}') == Applied("A")


class Called(BaseModel):
    f: Callable[[], int]


class Incomplete(BaseModel):
    f: "Undefined"  # type: ignore[name-defined]  # noqa: F821, UP037


@pytest.mark.parametrize("type_", [Called, Incomplete, list[Called], BaseModel])
def test_class_without_a_schema_is_refused_with_the_reason(type_: Any) -> None:
    with pytest.raises(InvalidRequestError, match="has no JSON Schema"):
        schema_of(type_)


class ByName(BaseModel):
    model_config = ConfigDict(validate_by_alias=False, validate_by_name=True)
    g: int = Field(0, alias="G")
    inner: "ByAlias | None" = None  # noqa: UP037


class ByAlias(BaseModel):
    h: int = Field(0, validation_alias=AliasChoices(AliasPath("x", 0), "H"))


def test_fields_have_the_names_that_the_class_reads() -> None:
    found: Any = schema_of(ByName)
    assert set(found["properties"]) == {"g", "inner"}
    assert set(found["$defs"]["ByAlias"]["properties"]) == {"H"}
    value = build(ByName, '{"g": 7, "inner": {"H": 8}}')
    assert (value.g, value.inner and value.inner.h) == (7, 8)


@pytest.mark.parametrize("alias", [AliasPath("x", 0), AliasChoices(AliasPath("x", 0))])
def test_alias_that_is_a_path_is_refused(alias: Any) -> None:
    class_ = create_model("Path", a=(int, Field(5, validation_alias=alias)))
    with pytest.raises(InvalidRequestError, match="an alias that is a path"):
        schema_of(class_)
