"""Hypothesis strategies: schemas, each with a value that fits it and is written canonically."""

from __future__ import annotations

import string
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

__all__ = ["Case", "cases", "documents"]

# A schema, and a value that fits it.
Case = tuple[dict[str, Any], Any]

characters = st.characters(exclude_categories=["Cs"])
names = st.text(characters, min_size=1, max_size=6) | st.sampled_from(
    ["a", "b", "name", 'say "hi"', "back\\slash", "line\nfeed", "[x]-^", "naïve", "😀"]
)


@st.composite
def texts(draw: st.DrawFn) -> Case:
    value = draw(st.text(characters, max_size=8))
    schema: dict[str, Any] = {"type": "string"}
    if draw(st.booleans()):
        schema["minLength"] = draw(st.integers(0, len(value)))
    if draw(st.booleans()):
        schema["maxLength"] = draw(st.integers(len(value), len(value) + 4))
    return schema, value


@st.composite
def patterns(draw: st.DrawFn) -> Case:
    pattern, value = draw(
        st.sampled_from(
            [
                ("^[a-z]{2,5}$", "abc"),
                ("^\\d{3}-\\d{4}$", "123-4567"),
                ("b", "abc"),
                ("^a|b$", "xxb"),
                ("^(?:ab?|c+)*$", "abaccc"),
                ('^["\\\\\\]\\-^]+$', '"\\]-^'),
                ("^[^a-z]$", "\n"),
                ("^\\S+ \\w+\\.$", "Uber b_1."),
                ("^[À-ÿa]{2}[^,b]?é$", "Äö中é"),
                ("^.{0,3}$", "é😀"),
                ("^\\s\\D\\W$", "\tx-"),
                ("^[^\\d\\s]+?$", "abc"),
                ("^(?P<year>\\u0041|\\x42)/$", "A/"),
            ]
        )
    )
    schema: dict[str, Any] = {"type": "string", "pattern": pattern}
    if draw(st.booleans()):
        # Nearer to the length, loose parts that share it leave out some values that would fit.
        schema["minLength"] = draw(st.integers(0, max(len(value) - 2, 0)))
    return schema, value


formats = st.sampled_from(
    [
        ({"type": "string", "format": name}, value)
        for name, value in {
            "date": "2024-02-29",
            "time": "23:59:59.5+01:00",
            "date-time": "1999-12-31T00:00:00Z",
            "duration": "P3DT4H5M6S",
            "email": "ada.l@mail.example.org",
            "hostname": "a-b.example.org",
            "ipv4": "255.10.0.1",
            "ipv6": "fe80::1",
            "uuid": "123e4567-e89b-12d3-a456-426614174000",
            "uuid4": "123e4567-e89b-42d3-a456-426614174000",
            "uri": "https://example.org/a/b",
            "password": "a b",
        }.items()
    ]
)


@st.composite
def integers(draw: st.DrawFn) -> Case:
    step = draw(st.sampled_from([1, 1, 1, 2, 3, 5, 10, 12, 100]))
    value = draw(st.integers(-(10**6), 10**6) | st.integers(-20, 20)) * step
    schema: dict[str, Any] = {"type": draw(st.sampled_from(["integer", "number"]))}
    if step > 1:
        schema["multipleOf"] = step
    elif schema["type"] == "number" and abs(value) > 10**14:
        value = 7
    below, above = draw(st.integers(0, 2000)), draw(st.integers(0, 2000))
    if draw(st.booleans()):
        schema["minimum"] = value - below
    elif draw(st.booleans()):
        schema["exclusiveMinimum"] = value - below - 1
    if draw(st.booleans()):
        schema["maximum"] = value + above
    elif draw(st.booleans()):
        schema["exclusiveMaximum"] = value + above + 1
    return schema, value


@st.composite
def numbers(draw: st.DrawFn) -> Case:
    decimals = st.decimals(-1000, 1000, places=3) | st.decimals(-2, 2, places=1)
    low, value, high = sorted(draw(st.lists(decimals, min_size=3, max_size=3)))
    schema: dict[str, Any] = {"type": "number"}
    if draw(st.booleans()):
        schema["minimum" if draw(st.booleans()) or low == value else "exclusiveMinimum"] = _float(
            low
        )
    if draw(st.booleans()):
        schema["maximum" if draw(st.booleans()) or high == value else "exclusiveMaximum"] = _float(
            high
        )
    return schema, _float(value)


def _float(number: Decimal) -> float:
    return float(number) or 0.0  # not -0.0


plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**14), 10**14) | st.text(characters, max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=5,
)
listed = st.lists(plain, min_size=1, max_size=4).flatmap(
    lambda values: st.tuples(st.just({"enum": values}), st.sampled_from(values))
)
constants = plain.map(lambda value: ({"const": value}, value))
anything: st.SearchStrategy[Case] = plain.map(lambda value: ({}, value))
flags = st.booleans().map(lambda value: ({"type": "boolean"}, value))
nulls = st.just(({"type": "null"}, None))
scalars: st.SearchStrategy[Case] = st.one_of(
    texts(), patterns(), formats, integers(), numbers(), listed, constants, anything, flags, nulls
)


@st.composite
def objects(draw: st.DrawFn, inner: st.SearchStrategy[Case]) -> Case:
    found = draw(st.dictionaries(names, inner, max_size=5))
    required = draw(st.lists(st.sampled_from(sorted(found)), unique=True)) if found else []
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {name: case[0] for name, case in found.items()},
        "required": required,
    }
    value = {
        name: case[1] for name, case in found.items() if name in required or draw(st.booleans())
    }
    beyond = draw(st.sampled_from([None, False, "more"]))
    if beyond is False:
        schema["additionalProperties"] = False
    if beyond == "more":
        schema["additionalProperties"], more = draw(inner)
        name = draw(st.text(string.ascii_letters, min_size=1, max_size=9))
        if name not in found:
            value[name] = more
    return schema, value


@st.composite
def maps(draw: st.DrawFn, inner: st.SearchStrategy[Case]) -> Case:
    schema, value = draw(inner)
    found: dict[str, Any] = {"type": "object", "additionalProperties": schema}
    keys = draw(st.lists(names, max_size=3, unique=True))
    if draw(st.booleans()):
        found["propertyNames"] = {"pattern": "^[a-z]{1,3}$"}
        keys = ["a", "xyz"][: len(keys)]
    if draw(st.booleans()):
        found["maxProperties"] = len(keys) + draw(st.integers(0, 2))
    return found, dict.fromkeys(keys, value)


@st.composite
def arrays(draw: st.DrawFn, inner: st.SearchStrategy[Case]) -> Case:
    schema, item = draw(inner)
    heads = draw(st.lists(inner, max_size=3))
    value = [head for _, head in heads] + [item] * draw(st.integers(0, 3))
    found: dict[str, Any] = {"type": "array", "items": schema}
    if heads:
        found["prefixItems"] = [head for head, _ in heads]
    if draw(st.booleans()):
        found["minItems"] = draw(st.integers(0, len(value)))
    if draw(st.booleans()):
        found["maxItems"] = draw(st.integers(len(value), len(value) + 2))
    return found, value


@st.composite
def unions(draw: st.DrawFn, inner: st.SearchStrategy[Case]) -> Case:
    options = draw(st.lists(inner, min_size=1, max_size=3))
    return {"anyOf": [schema for schema, _ in options]}, draw(st.sampled_from(options))[1]


def _nested(inner: st.SearchStrategy[Case]) -> st.SearchStrategy[Case]:
    return objects(inner) | maps(inner) | arrays(inner) | unions(inner)


cases: st.SearchStrategy[Case] = st.recursive(scalars, _nested, max_leaves=6)


@st.composite
def documents(draw: st.DrawFn) -> Case:
    """A case that may be in `$defs`, and may be wrapped in `allOf`."""
    schema, value = draw(cases)
    if draw(st.booleans()):
        schema = {"allOf": [{"description": "x"}, schema], "title": "T"}
    if not draw(st.booleans()):
        return schema, value
    return {
        "$defs": {"A/b": schema},
        "type": "object",
        "properties": {
            "it": {"$ref": "#/$defs/A~1b", "description": "The one."},
            "more": {"type": "array", "items": {"$ref": "#/$defs/A~1b"}},
            "self": {"anyOf": [{"$ref": "#"}, {"type": "null"}]},
        },
        "required": ["it"],
    }, {"it": value, "more": [value], "self": {"it": value, "self": None}}
