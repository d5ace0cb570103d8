"""What a request for a response asks for, and the chat request that answers it.

Ranges are checked where chats are checked; this module says which parameter means what.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeAlias

from pywebllm.errors import InvalidRequestError

from .messages import read_messages
from .options import (
    read_include,
    read_metadata,
    read_reasoning,
    read_text,
    refuse_obfuscation,
)
from .tools import read_tool_choice, read_tools

__all__ = ["FIXED", "HONOURED", "OTHERS", "REFUSED", "ResponseRequest", "read_request"]

Fields: TypeAlias = Mapping[str, object]

_STORED = "no response is stored in the page, send the earlier items as `input`"

# What becomes of each parameter in the chat request; the same name and value, where it is None.
HONOURED: Mapping[str, Callable[[Any], Fields] | None] = MappingProxyType(
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

# What the reference has for chats only, of use with `extra_body`.
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

# What can only have this value, which is also what its absence means; and why.
FIXED: Mapping[str, tuple[object, str]] = MappingProxyType(
    {
        "background": (False, "a response is written while the page waits for it"),
        "store": (False, _STORED),
        "truncation": ("disabled", "a prompt that is too long is an error, nothing is left out"),
    }
)

REFUSED: Mapping[str, str] = MappingProxyType(
    {
        "access_programs": "there are no access programs",
        "background_options": "a response is written while the page waits for it",
        "context_management": "nothing is left out of a prompt or put in its place",
        "conversation": _STORED,
        "image": "images are taken as they are",
        "max_tool_calls": "it bounds tools that the server runs, and there are none",
        "moderation": "there is no moderation",
        "previous_response_id": _STORED,
        "prompt": "no prompt is stored in the page",
        "prompt_cache_options": "the engine keeps the last prompt by itself",
        "prompt_cache_retention": "the engine keeps the last prompt by itself",
    }
)

# What errors of the chat name, and what it is here. Which item a message comes from is not known.
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
    """A request that is understood; what is in `chat` is checked when the chat is asked for.

    Attributes:
        chat: The chat request.
        stream: True to answer event by event.
        logprobs: True to tell how likely the tokens were.
        echo: Parameters as the response repeats them.
    """

    chat: dict[str, object]
    stream: bool
    logprobs: bool
    echo: Mapping[str, object]

    @contextmanager
    def renamed(self) -> Iterator[None]:
        """Name parameters of the responses endpoint in errors that name those of chats."""
        try:
            yield
        except InvalidRequestError as error:
            _rename(error)
            raise


def read_request(body: Mapping[str, object]) -> ResponseRequest:
    """Return what the body of a request asks for.

    Raises:
        InvalidRequestError: A parameter cannot be honoured, or is not known.
    """
    given = {name: value for name, value in body.items() if value is not None}
    chat: dict[str, object] = {
        "messages": read_messages(given.pop("input", None), given.pop("instructions", None))
    }
    for name, value in given.items():
        chat.update(_read(name, value))
    stream = given.get("stream", False)
    if not isinstance(stream, bool):
        raise InvalidRequestError(f"stream is true or false, got {stream!r}", param="stream")
    if chat.get("top_logprobs") == 0 and not chat.get("logprobs"):
        del chat["top_logprobs"]  # as if it had not been said
    return ResponseRequest(
        chat=chat, stream=stream, logprobs=bool(chat.get("logprobs")), echo=_echo(body)
    )


def _read(name: str, value: object) -> Fields:
    if name in HONOURED or name in OTHERS:
        read = HONOURED.get(name)
        return {name: value} if read is None else read(value)
    if name not in FIXED:
        why = REFUSED.get(name, "nothing of this name is known")
        raise InvalidRequestError(f"{name} cannot be honoured: {why}", param=name)
    only, why = FIXED[name]
    if value != only:
        raise InvalidRequestError(f"{name} can only be {only!r}: {why}", param=name)
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
    # Texts begin with the path, and this one may lead to a part of a message.
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
