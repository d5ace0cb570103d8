"""Request bodies that a random change has damaged, the same ones for the same seed."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

__all__ = ["mutated_bodies"]

HI = [
    {"role": "system", "content": "You write about people."},
    {"role": "user", "content": "Tell of Ada."},
]
TOOL = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "Return the weather.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"enum": ["Oslo", "Rome"]}, "days": {"type": "integer"}},
            "required": ["city"],
        },
    },
}
SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 20},
        "age": {"type": "integer", "minimum": 0, "maximum": 120},
        "tags": {"type": "array", "items": {"enum": ["a", "b", None]}, "maxItems": 3},
        "code": {"type": "string", "pattern": "^[A-Z]{2}-[0-9]+$"},
    },
    "required": ["name", "age"],
    "additionalProperties": False,
}
JSON_SCHEMA = {"type": "json_schema", "json_schema": {"name": "person", "schema": SCHEMA}}
LENGTH = {"max_tokens": 2, "temperature": 0.5}

# Bodies that are answered, by the path that answers them.
VALID: list[tuple[str, dict[str, Any]]] = [
    ("chat/completions", {"messages": HI, **LENGTH}),
    (
        "chat/completions",
        {"messages": HI, **LENGTH, "stream": True, "stream_options": {"include_usage": True}},
    ),
    (
        "chat/completions",
        {"messages": HI, **LENGTH, "seed": 1, "stop": ["."], "n": 2, "top_p": 0.9, "logprobs": True}
        | {"top_logprobs": 2, "logit_bias": {"7": 1}, "frequency_penalty": 0.5},
    ),
    ("chat/completions", {"messages": HI, **LENGTH, "tools": [TOOL], "tool_choice": "auto"}),
    ("chat/completions", {"messages": HI, **LENGTH, "response_format": JSON_SCHEMA}),
    ("completions", {"prompt": "Ada was", **LENGTH}),
    ("responses", {"input": "Tell of Ada.", "max_output_tokens": 16, "instructions": "Be brief."}),
    (
        "responses",
        {"input": HI, "max_output_tokens": 16, "text": {"format": {**JSON_SCHEMA["json_schema"]}}},  # type: ignore[dict-item]
    ),
    ("embeddings", {"input": ["Ada"], "encoding_format": "float"}),
]

JUNK: list[Any] = [
    None,
    True,
    False,
    0,
    -1,
    1,
    3.5,
    2**53 + 1,
    10**30,
    1e-320,
    float("nan"),
    float("inf"),
    "",
    " ",
    "x",
    "x" * 5000,
    "\ud800",
    "\x00",
    "<|im_end|>",
    [],
    [[]],
    {},
    {"type": "object"},
    {"role": "tool", "content": "x", "tool_call_id": "1"},
    [{"type": "text", "text": "Hello"}],
    ["a", 1, None],
]


def mutated_bodies(seed: int, count: int) -> Iterator[tuple[str, str]]:
    """Yield paths and bodies, each a valid one with one or two changes."""
    chance = random.Random(seed)
    for _ in range(count):
        path, valid = chance.choice(VALID)
        body: Any = copy.deepcopy(valid)
        for _ in range(chance.choice([1, 1, 2])):
            body = _changed(chance, body)
        text = json.dumps(body)
        yield path, _cut(chance, text) if chance.random() < 0.05 else text


def _changed(chance: random.Random, body: Any) -> Any:
    places = list(_places(body))
    if not places:
        return chance.choice(JUNK)
    holder, key = chance.choice(places)
    change = chance.randrange(5)
    if change == 0:
        del holder[key]
    elif change == 1 and isinstance(holder, dict):
        holder[f"{key}x"] = holder.pop(key)
    elif change == 2 and isinstance(holder, list):
        holder.append(copy.deepcopy(holder[key]))
    elif change == 3:
        holder[key] = [copy.deepcopy(holder[key])]
    else:
        holder[key] = copy.deepcopy(chance.choice(JUNK))
    return body


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    # Every place of a value in its dict or list.
    if isinstance(value, (dict, list)):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from _places(value[key])


def _cut(chance: random.Random, text: str) -> str:
    start = chance.randrange(len(text))
    return text[:start] + chance.choice(["", '"', "}", "\\u00", "é"]) + text[start + 1 :]
