"""The requests that the library makes for a visitor: messages, grammar and limits."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

# Makes the library of this tree importable, whatever else is installed.
from model.data.prompts import persona_messages

__all__ = ["chat_request", "persona_request", "schema_of", "typed_parameters"]

from pywebllm.chat.call import read_call
from pywebllm.persona import WebLLMService
from pywebllm.persona.persona import persona_schema, typed_request

_DEFAULTS = inspect.signature(WebLLMService).parameters
_TEMPERATURE = {"temperature": _DEFAULTS["temperature"].default}
_MAX_TOKENS = {"max_tokens": _DEFAULTS["max_tokens"].default}


def persona_request(
    fields: Mapping[str, str], *, typed: bool, seed: int
) -> tuple[list[dict[str, str]], dict[str, Any]]:
    """Return the messages and parameters that `WebLLMService` sends for a form."""
    messages = [
        {"role": message["role"], "content": message["content"]}
        for message in persona_messages(fields, typed=typed)
    ]
    if typed:
        return messages, typed_parameters(fields, seed=seed)
    return messages, _sent({**_TEMPERATURE, **_MAX_TOKENS, "seed": seed})


def chat_request(*, seed: int) -> dict[str, Any]:
    """Return the parameters of a chat, with the default temperature of the model."""
    return _sent({**_MAX_TOKENS, "seed": seed})


def typed_parameters(fields: Mapping[str, str], *, seed: int) -> dict[str, Any]:
    """Return the parameters of a typed persona, including its grammar."""
    return _sent({**_TEMPERATURE, **typed_request(fields, max_tokens=None), "seed": seed})


def schema_of(fields: Mapping[str, str]) -> dict[str, Any]:
    """Return the JSON Schema of a typed persona."""
    return dict(persona_schema(fields))


def _sent(parameters: Mapping[str, object]) -> dict[str, Any]:
    body = {
        "messages": [{"role": "user", "content": ""}],
        **parameters,
    }
    [sent] = read_call(body).bodies
    return {name: value for name, value in sent.items() if name != "messages"}
