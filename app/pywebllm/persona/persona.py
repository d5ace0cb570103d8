"""The typed persona: its fields, how long each may be, and which of them the inputs determine.

Nothing here knows the engine; `schema` makes the grammar from the JSON Schema written here.
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

# On one line, and without characters that JSON escapes: `maxLength` counts characters.
_LINE = r'^[^"\\\x00-\x1f]+$'

_AGE: Mapping[str, object] = {"type": "integer", "minimum": 0, "maximum": _OLDEST}


@dataclass(frozen=True, slots=True, kw_only=True)
class Persona:
    """A person invented by a model, consistent with the inputs.

    Attributes:
        name: 1 to 40 characters, or exactly the given one.
        age: In years, 0 to 130.
        occupation: 1 to 40 characters, or exactly the given one.
        summary: A paragraph about the person, 1 to 400 characters.
        interests: 1 to 5, each of 1 to 48 characters.
        traits: Adjectives; 1 to 3, each of 1 to 24 characters.
        goals: 1 or 2, each of 1 to 80 characters.
    """

    name: str
    age: int
    occupation: str
    summary: str
    interests: tuple[str, ...]
    traits: tuple[str, ...]
    goals: tuple[str, ...]


def persona_schema(inputs: Mapping[str, str]) -> dict[str, object]:
    """Return the JSON Schema of a persona with these inputs.

    A given name and occupation become constants, and so does the first integer in the age, up
    to 130. Interests are left to the model: no rule splits what visitors write ("drum and bass,
    salsa / judo") without surprises.

    Raises:
        TypeError: A field's name or value is not a string.
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
    """Return the parameters of a chat request whose answer is a persona; see `persona_schema`."""
    described = persona_schema(inputs)
    return {
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "Persona", "schema": described, "strict": True},
        },
        "max_tokens": longest_persona(described) if max_tokens is None else max_tokens,
    }


def read_persona(completion: ChatCompletion) -> Persona:
    """Return the persona of an answer.

    Raises:
        TruncatedError: The answer was truncated.
        ParseError: The answer is not a persona.
    """
    return parsed_completion(Persona, completion).parsed


def longest_persona(schema: Mapping[str, object]) -> int:
    """Return the largest number of tokens that a persona of this schema can have.

    Assumes at least one character for each token, and one byte for those of the inputs. That
    holds except for rare characters, such as some emoji; one more token ends the answer. This
    upper bound may exceed a small context window, such as the built-in model's; words take far
    fewer tokens.
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
