"""Checks of typed answers: the JSON Schema and the fields."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from model.data.people.vague_age import years_in
from model.evaluate.case import Ask
from model.evaluate.words import contains

__all__ = ["persona_in", "prose_of", "schema_errors", "wrong_fields"]

_TYPES: Mapping[str, Any] = {"object": dict, "array": list, "string": str, "integer": int}


def persona_in(text: str) -> dict[str, Any] | None:
    """Return the JSON object in the text, or None if it is not one."""
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def prose_of(persona: Mapping[str, Any]) -> str:
    """Return the sentences of a typed persona."""
    return str(persona.get("summary", ""))


def schema_errors(value: Any, schema: Mapping[str, Any], path: str = "") -> list[str]:
    """Return the violations of a schema; only the keywords of `persona_schema` are supported."""
    if "const" in schema:
        return (
            []
            if value == schema["const"]
            else [f"{path} must be {schema['const']!r}, got {value!r}"]
        )
    kind = _TYPES[schema["type"]]
    if not isinstance(value, kind) or isinstance(value, bool):
        return [f"{path} must be of type {schema['type']}, got {value!r}"]
    if kind is dict:
        return _object_errors(value, schema, path)
    if kind is list:
        found = [] if _within(len(value), schema, "Items") else [f"{path} has {len(value)} items"]
        for number, item in enumerate(value):
            found += schema_errors(item, schema["items"], f"{path}[{number}]")
        return found
    if kind is int:
        low, high = schema["minimum"], schema["maximum"]
        return [] if low <= value <= high else [f"{path} must be {low} to {high}, got {value}"]
    fits = _within(len(value), schema, "Length") and re.search(schema.get("pattern", ""), value)
    return [] if fits else [f"{path} has a wrong length or pattern: {value!r}"]


def _object_errors(value: dict[str, Any], schema: Mapping[str, Any], path: str) -> list[str]:
    known = schema["properties"]
    found = [f"{path}.{name} is missing" for name in schema["required"] if name not in value]
    found += [f"{path}.{name} is not in the schema" for name in value if name not in known]
    for name in value.keys() & known.keys():
        found += schema_errors(value[name], known[name], f"{path}.{name}")
    return found


def _within(size: int, schema: Mapping[str, Any], what: str) -> bool:
    return bool(schema.get(f"min{what}", 0) <= size <= schema.get(f"max{what}", size))


def wrong_fields(persona: Mapping[str, Any], ask: Ask) -> dict[str, tuple[str, ...]]:
    """Return, for each given fact, the keywords that are missing in its field.

    Name, age, occupation and interests belong in their own fields, unless there are too many or too
    long interests for the schema; other facts may be anywhere. The field of the age is a number: of
    a range such as "late fifties", it has one year.
    """
    wrong = {
        fact: tuple(phrase for phrase in phrases if not _has(persona, fact, phrase, ask))
        for fact, phrases in ask.keywords.items()
    }
    return {fact: phrases for fact, phrases in wrong.items() if phrases}


def _has(persona: Mapping[str, Any], fact: str, phrase: str, ask: Ask) -> bool:
    if contains(_place(persona, fact, ask), phrase):
        return True
    years, age = years_in(phrase) if fact == "age" else None, persona.get("age")
    return years is not None and isinstance(age, int) and years[0] <= age <= years[1]


def _place(persona: Mapping[str, Any], fact: str, ask: Ask) -> str:
    if fact in ("name", "age", "occupation"):
        return str(persona.get(fact, ""))
    if fact == "interests" and _interests_fit(ask):
        return " . ".join(_strings(persona.get(fact, [])))
    return " . ".join(_strings(persona))


def _interests_fit(ask: Ask) -> bool:
    described = (ask.schema or {})["properties"]["interests"]
    given = ask.keywords["interests"]
    longest = described["items"]["maxLength"] - len("their ")
    return len(given) <= described["maxItems"] and all(len(one) <= longest for one in given)


def _strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in _strings(item)]
    if isinstance(value, list):
        return [text for item in value for text in _strings(item)]
    return [str(value)]
