"""A request of the responses endpoint, and the chat request that answers it.

This module maps parameters; their ranges are checked with those of chats.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeAlias

from pywebllm.errors import InvalidRequestError
from pywebllm.request.checks import boolean, closest, refuse, refuse_value

from .messages import read_messages
from .options import (
    read_include,
    read_metadata,
    read_reasoning,
    read_text,
    refuse_obfuscation,
)
from .tools import read_tool_choice, read_tools

__all__ = ["FIXED", "HONORED", "OTHERS", "REFUSED", "ResponseRequest", "read_request"]

Fields: TypeAlias = Mapping[str, object]

_STORED = "responses are not stored; send the earlier items in `input`"

# How each parameter becomes parameters of the chat; None: under the same name and value.
HONORED: Mapping[str, Callable[[Any], Fields] | None] = MappingProxyType(
    {
        "include": read_include,
        "max_output_tokens": lambda count: {"max_tokens": count},
        "metadata": read_metadata,
        "model": None,
        "parallel_tool_calls": None,
        "prompt_cache_key": None,
        "reasoning": read_reasoning,
        "safety_identifier": None,
        "service_tier": None,
        "stream": lambda _: {},
        "stream_options": refuse_obfuscation,
        "temperature": None,
        "text": read_text,
        "tool_choice": lambda choice: {"tool_choice": read_tool_choice(choice)},
        "tools": lambda tools: {"tools": read_tools(tools)},
        "top_logprobs": None,
        "top_p": None,
        "user": None,
    }
)

# Parameters that the reference has for chats only; accepted for use with `extra_body`.
OTHERS = frozenset(
    {
        "enable_thinking",
        "frequency_penalty",
        "ignore_eos",
        "logit_bias",
        "presence_penalty",
        "repetition_penalty",
        "seed",
        "stop",
    }
)

# Parameters that must have this value, which is also their default; and why.
FIXED: Mapping[str, tuple[object, str]] = MappingProxyType(
    {
        "background": (False, "responses are not generated in the background"),
        "store": (False, _STORED),
        "truncation": ("disabled", "a prompt that is too long is an error; it is not truncated"),
    }
)

REFUSED: Mapping[str, str] = MappingProxyType(
    {
        "access_programs": "it concerns OpenAI's servers only",
        "background_options": "responses are not generated in the background",
        "context_management": "prompts are not truncated or summarized",
        "conversation": _STORED,
        "image": "images are used unchanged",
        "max_tool_calls": "it limits the tools that OpenAI's servers run",
        "moderation": "no moderation model is available in the browser",
        "previous_response_id": _STORED,
        "prompt": "prompts are not stored",
        "prompt_cache_options": "WebLLM always caches the last conversation",
        "prompt_cache_retention": "WebLLM always caches the last conversation",
    }
)

# Paths in errors of the chat, and their names here. The item of a message is not known.
_NAMES: Mapping[str, str] = MappingProxyType(
    {
        r"messages\b.*": "input",
        r"max_(completion_)?tokens$": "max_output_tokens",
        r"reasoning_effort$": "reasoning.effort",
        r"response_format(\.json_schema)?": "text.format",
        r"(tools\[\d+\])\.function": r"\1",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseRequest:
    """A request for a response.

    Attributes:
        chat: The chat request; its values are checked when the chat is requested.
        stream: True to stream events.
        logprobs: True to return logprobs.
        echo: The parameters that the response repeats.
    """

    chat: dict[str, object]
    stream: bool
    logprobs: bool
    echo: Mapping[str, object]

    @contextmanager
    def renamed(self) -> Iterator[None]:
        """Replace parameters of chats in errors by those of the responses endpoint."""
        try:
            yield
        except InvalidRequestError as error:
            _rename(error)
            raise


def read_request(body: Mapping[str, object]) -> ResponseRequest:
    """Read the body of a request.

    Raises:
        InvalidRequestError: A parameter is unknown or not supported, or has a wrong value.
    """
    given = {name: value for name, value in body.items() if value is not None}
    chat: dict[str, object] = {
        "messages": read_messages(given.pop("input", None), given.pop("instructions", None))
    }
    for name, value in given.items():
        chat.update(_read(name, value))
    stream = boolean("stream", given.get("stream", False))
    if chat.get("top_logprobs") == 0 and not chat.get("logprobs"):
        del chat["top_logprobs"]  # 0 is the default, and a chat accepts it with logprobs only
    return ResponseRequest(
        chat=chat, stream=stream, logprobs=bool(chat.get("logprobs")), echo=_echo(body)
    )


def _read(name: str, value: object) -> Fields:
    if name in HONORED or name in OTHERS:
        read = HONORED.get(name)
        return {name: value} if read is None else read(value)
    if name not in FIXED:
        known = (*HONORED, *OTHERS, *FIXED, "input", "instructions")
        if name not in REFUSED:
            refuse(name, f"is not a known parameter.{closest(name, known)}")
        refuse(name, f"is not supported: {REFUSED[name]}")
    only, why = FIXED[name]
    if value != only:
        refuse_value(name, repr(only), value, why=why)
    return {}


def _echo(body: Mapping[str, object]) -> dict[str, object]:
    def given(name: str, otherwise: object = None) -> object:
        value = body.get(name)
        return otherwise if value is None else value

    return {
        "instructions": given("instructions"),
        "max_output_tokens": given("max_output_tokens"),
        "metadata": given("metadata", {}),
        "parallel_tool_calls": given("parallel_tool_calls", otherwise=True),
        "prompt_cache_key": given("prompt_cache_key"),
        "reasoning": given("reasoning", {"effort": None, "summary": None}),
        "safety_identifier": given("safety_identifier"),
        "temperature": given("temperature"),
        "text": {"format": {"type": "text"}, **_mapping(given("text", {}))},
        "tool_choice": given("tool_choice", "auto"),
        "tools": given("tools", []),
        "top_logprobs": given("top_logprobs", 0),
        "top_p": given("top_p"),
        "user": given("user"),
    }


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _rename(error: InvalidRequestError) -> None:
    if error.param is None:
        return
    # A problem begins with the path, which may be that of a part of a message.
    path = re.sub(r"^messages(\[\d+\])?", lambda it: "input[…]" if it[1] else "input", error.param)
    name = _renamed(error.param)
    shown = path if name == "input" else name
    if error.problem.startswith(error.param):
        error.problem = f"{shown}{error.problem.removeprefix(error.param)}"
    error.param = name


def _renamed(param: str) -> str:
    for chat, name in _NAMES.items():
        if found := re.match(chat, param):
            return found.expand(name) + param[found.end() :]
    return param
