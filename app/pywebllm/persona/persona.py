"""The typed persona: what it holds, how long each part may be, and what the inputs fix.

Nothing here knows the engine; the grammar is made by `schema` from what is said here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pywebllm.typed.parsing import parsed_completion
from pywebllm.types import ChatCompletion

from .prompt import clean_fields, years_in

__all__ = ["Persona", "longest_persona", "persona_schema", "read_persona", "typed_request"]

_OLDEST = 130  # years

# On one line, and without what JSON would have to escape: so a character is a character.
_LINE = r'^[^"\\\x00-\x1f]+$'

_AGE: Mapping[str, object] = {"type": "integer", "minimum": 0, "maximum": _OLDEST}


@dataclass(frozen=True, slots=True, kw_only=True)
class Persona:
    """A person made up by a model, from what is known of them.

    Attributes:
        name: 1 to 40 characters, or as long as the one that was given.
        age: In years, 0 to 130.
        occupation: 1 to 40 characters, or as long as the one that was given.
        summary: A paragraph about the person, 1 to 400 characters.
        interests: 1 to 5, each of 1 to 48 characters.
        traits: What they are like; 1 to 3, each of 1 to 24 characters.
        goals: What they want; 1 or 2, each of 1 to 80 characters.
    """

    name: str
    age: int
    occupation: str
    summary: str
    interests: tuple[str, ...]
    traits: tuple[str, ...]
    goals: tuple[str, ...]


def persona_schema(inputs: Mapping[str, str]) -> dict[str, object]:
    """Return the JSON Schema of a persona about whom these fields are known.

    A name and an occupation are fixed as they are given, and so is the first whole number in
    the age, up to 130. Interests are left to the model: what separates them in a visitor's words
    ("drum and bass, salsa / judo"), no rule tells without surprises.

    Raises:
        TypeError: A name or a value is no string.
    """
    known = clean_fields(inputs)
    years = years_in(known.get("age", ""))
    properties: dict[str, object] = {
        "name": _known(known.get("name"), most=40),
        "age": _AGE if years is None or years > _OLDEST else {"const": years},
        "occupation": _known(known.get("occupation"), most=40),
        "summary": _line(400),
        "interests": _lines(5, 48),
        "traits": _lines(3, 24),
        "goals": _lines(2, 80),
    }
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def typed_request(inputs: Mapping[str, str], *, max_tokens: int | None) -> dict[str, object]:
    """Return the parameters of a chat that make its answer a persona; see `persona_schema`."""
    described = persona_schema(inputs)
    return {
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "Persona", "schema": described, "strict": True},
        },
        "max_tokens": longest_persona(described) if max_tokens is None else max_tokens,
    }


def read_persona(completion: ChatCompletion) -> Persona:
    """Return the persona that an answer is.

    Raises:
        TruncatedError: It was cut off.
        ParseError: It is none.
    """
    return parsed_completion(Persona, completion).parsed


def longest_persona(schema: Mapping[str, object]) -> int:
    """Return how many tokens the longest persona of this schema can have.

    A token is taken to be no shorter than a character, and than a byte of what is given. That
    holds for all but rare signs, such as some emoji; one more token ends the answer. As a bound it
    may be above a small context window, such as the built-in model's; words take far fewer tokens.
    """
    return len(json.dumps(_longest(schema), ensure_ascii=False).encode()) + 1


def _known(text: str | None, *, most: int) -> dict[str, object]:
    return _line(most) if text is None else {"const": text}


def _line(most: int) -> dict[str, object]:
    return {"type": "string", "pattern": _LINE, "minLength": 1, "maxLength": most}


def _lines(items: int, most: int) -> dict[str, object]:
    return {"type": "array", "items": _line(most), "minItems": 1, "maxItems": items}


def _longest(schema: Mapping[str, Any]) -> object:
    if "const" in schema:
        return schema["const"]
    if schema["type"] == "object":
        return {name: _longest(value) for name, value in schema["properties"].items()}
    if schema["type"] == "array":
        return [_longest(schema["items"])] * schema["maxItems"]
    return "x" * schema["maxLength"] if schema["type"] == "string" else schema["maximum"]
