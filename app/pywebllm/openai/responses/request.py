"""A request of the responses endpoint, and the chat request that answers it.

This module maps parameters; their ranges are checked with those of chats.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeAlias

from pywebllm.errors import InvalidRequestError
from pywebllm.request.checks import (
    Check,
    boolean,
    closest,
    integer,
    one_of,
    refuse,
    refuse_value,
)

from .messages import read_messages
from .options import (
    objects,
    read_include,
    read_metadata,
    read_reasoning,
    read_text,
    refuse_obfuscation,
)
from .origins import Origins
from .store import ResponseStore
from .tools import read_tool_choice, read_tools

__all__ = ["FIXED", "HONORED", "OTHERS", "REFUSED", "ResponseRequest", "read_request"]

Fields: TypeAlias = Mapping[str, object]

_NO_CONVERSATIONS = "there are no stored conversations; use `previous_response_id`"

# How each parameter becomes parameters of the chat; None: under the same name and value.
HONORED: Mapping[str, Callable[[Any], Fields] | None] = MappingProxyType(
    {
        "include": read_include,
        "max_output_tokens": lambda count: {"max_tokens": count},
        # It limits the tools that OpenAI's servers run.
        "max_tool_calls": lambda count: _checked(integer(1), "max_tool_calls", count),
        "metadata": read_metadata,
        "model": None,
        "parallel_tool_calls": None,
        "previous_response_id": lambda _: {},
        "prompt_cache_key": None,
        "reasoning": read_reasoning,
        "safety_identifier": None,
        "service_tier": None,
        "store": lambda store: _checked(boolean, "store", store),
        "stream": lambda _: {},
        "stream_options": refuse_obfuscation,
        "temperature": None,
        "text": read_text,
        "tool_choice": lambda choice: {"tool_choice": read_tool_choice(choice)},
        "tools": lambda tools: {"tools": read_tools(tools)},
        "top_logprobs": None,
        "top_p": None,
        "truncation": lambda value: _checked(one_of("auto", "disabled"), "truncation", value),
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
    }
)

REFUSED: Mapping[str, str] = MappingProxyType(
    {
        "access_programs": "it concerns OpenAI's servers only",
        "background_options": "responses are not generated in the background",
        "context_management": "prompts are not summarized; use `truncation`",
        "conversation": _NO_CONVERSATIONS,
        "image": "images are used unchanged",
        "moderation": "no moderation model is available in the browser",
        "prompt": "prompts are not stored",
        "prompt_cache_options": "WebLLM always caches the last conversation",
        "prompt_cache_retention": "WebLLM always caches the last conversation",
    }
)

# Paths in errors of the chat, and their names here; `Origins` knows those of messages.
_NAMES: Mapping[str, str] = MappingProxyType(
    {
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
        store: True to keep the response.
        truncates: True to leave out the oldest turns of a conversation that is too long.
        items: The input, and what came before it.
        origins: Where the messages of the chat come from.
        logprobs: True to return logprobs.
        echo: The parameters that the response repeats.
    """

    chat: dict[str, object]
    stream: bool
    store: bool
    truncates: bool
    items: tuple[Mapping[str, object], ...]
    origins: Origins
    logprobs: bool
    echo: Mapping[str, object]

    @contextmanager
    def renamed(self) -> Iterator[None]:
        """Replace parameters of chats in errors by those of the responses endpoint."""
        try:
            yield
        except InvalidRequestError as error:
            self._rename(error)
            raise

    def _rename(self, error: InvalidRequestError) -> None:
        if error.param is None:
            return
        name = self._renamed(error.param)
        # A problem begins with the path.
        if error.problem.startswith(error.param):
            error.problem = f"{name}{error.problem.removeprefix(error.param)}"
        error.param = name

    def _renamed(self, param: str) -> str:
        if param.startswith("messages"):
            return self.origins.path(param)
        for chat, name in _NAMES.items():
            if found := re.match(chat, param):
                return found.expand(name) + param[found.end() :]
        return param


def read_request(
    body: Mapping[str, object], stored: ResponseStore | None = None
) -> ResponseRequest:
    """Read the body of a request.

    Args:
        body: The body.
        stored: The responses that it can continue.

    Raises:
        InvalidRequestError: A parameter is unknown or not supported, or has a wrong value.
    """
    given = {name: value for name, value in body.items() if value is not None}
    earlier = given.get("previous_response_id")
    before = () if earlier is None else (stored or ResponseStore()).items(earlier)
    items = given.pop("input", None)
    messages, origins = read_messages(items, given.pop("instructions", None), before=before)
    chat: dict[str, object] = {"messages": messages}
    for name, value in given.items():
        chat.update(_read(name, value))
    stream = boolean("stream", given.get("stream", False))
    if chat.get("top_logprobs") == 0 and not chat.get("logprobs"):
        del chat["top_logprobs"]  # 0 is the default, and a chat accepts it with logprobs only
    return ResponseRequest(
        chat=chat,
        stream=stream,
        store=given.get("store") is not False,
        truncates=given.get("truncation") == "auto",
        items=(*before, *_items(items)),
        origins=origins,
        logprobs=bool(chat.get("logprobs")),
        echo=_echo(body),
    )


def _items(given: object) -> Sequence[Mapping[str, object]]:
    if isinstance(given, str):
        return [{"role": "user", "content": given}]
    return objects(given, "input")


def _checked(check: Check, name: str, value: object) -> Fields:
    check(name, value)
    return {}


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
        "max_tool_calls": given("max_tool_calls"),
        "parallel_tool_calls": given("parallel_tool_calls", otherwise=True),
        "previous_response_id": given("previous_response_id"),
        "prompt_cache_key": given("prompt_cache_key"),
        "reasoning": given("reasoning", {"effort": None, "summary": None}),
        "safety_identifier": given("safety_identifier"),
        "store": given("store", otherwise=True),
        "temperature": given("temperature"),
        "text": {"format": {"type": "text"}, **_mapping(given("text", {}))},
        "tool_choice": given("tool_choice", "auto"),
        "tools": given("tools", []),
        "top_logprobs": given("top_logprobs", 0),
        "top_p": given("top_p"),
        "truncation": given("truncation", "disabled"),
        "user": given("user"),
    }


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}
