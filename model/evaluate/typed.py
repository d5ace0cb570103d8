"""Is an answer the JSON it was asked for, and are the fields in it right?"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from model.evaluate.case import Ask
from model.evaluate.words import says

__all__ = ["misfits", "persona_in", "prose_of", "wrong_fields"]

_TYPES: Mapping[str, Any] = {"object": dict, "array": list, "string": str, "integer": int}


def persona_in(text: str) -> dict[str, Any] | None:
    """Return the object that the text is, or None."""
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def prose_of(persona: Mapping[str, Any]) -> str:
    """Return the sentences of a typed persona."""
    return str(persona.get("summary", ""))


def misfits(value: Any, schema: Mapping[str, Any], path: str = "") -> list[str]:
    """Return where the value breaks the schema, of which it knows what `persona_schema` uses."""
    if "const" in schema:
        return [] if value == schema["const"] else [f"{path} is {value!r}"]
    kind = _TYPES[schema["type"]]
    if not isinstance(value, kind) or isinstance(value, bool):
        return [f"{path} is {value!r}"]
    if kind is dict:
        return _object_misfits(value, schema, path)
    if kind is list:
        found = [] if _within(len(value), schema, "Items") else [f"{path} has {len(value)} items"]
        for number, item in enumerate(value):
            found += misfits(item, schema["items"], f"{path}[{number}]")
        return found
    if kind is int:
        return [] if schema["minimum"] <= value <= schema["maximum"] else [f"{path} is {value}"]
    fits = _within(len(value), schema, "Length") and re.search(schema.get("pattern", ""), value)
    return [] if fits else [f"{path} is {value!r}"]


def _object_misfits(value: dict[str, Any], schema: Mapping[str, Any], path: str) -> list[str]:
    known = schema["properties"]
    found = [f"{path}.{name} is missing" for name in schema["required"] if name not in value]
    found += [f"{path}.{name} is unknown" for name in value if name not in known]
    for name in value.keys() & known.keys():
        found += misfits(value[name], known[name], f"{path}.{name}")
    return found


def _within(size: int, schema: Mapping[str, Any], what: str) -> bool:
    return bool(schema.get(f"min{what}", 0) <= size <= schema.get(f"max{what}", size))


def wrong_fields(persona: Mapping[str, Any], ask: Ask) -> dict[str, tuple[str, ...]]:
    """Return, for each fact that was given, the words that are missing where it belongs.

    Name, age, occupation and interests belong to their own field, unless there are more interests
    than it may hold, or longer ones; all else may be anywhere.
    """
    wrong = {
        fact: tuple(way for way in ways if not says(_place(persona, fact, ask), way))
        for fact, ways in ask.keywords.items()
    }
    return {fact: ways for fact, ways in wrong.items() if ways}


def _place(persona: Mapping[str, Any], fact: str, ask: Ask) -> str:
    if fact in ("name", "age", "occupation"):
        return str(persona.get(fact, ""))
    if fact == "interests" and _have_room(ask):
        return " . ".join(_strings(persona.get(fact, [])))
    return " . ".join(_strings(persona))


def _have_room(ask: Ask) -> bool:
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
