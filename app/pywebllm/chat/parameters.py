"""The parameters of a chat completion: which are honoured, which refused, and each one's range.

`PARAMETERS` is the whole list. Names and meaning are those of the OpenAI reference, "Create chat
completion"; the last group is WebLLM's own. None stands for "not given" everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias

from pywebllm.checks import (
    LARGEST_INTEGER,
    Check,
    closest,
    flag,
    integer,
    items,
    mapping,
    number,
    one_of,
    plain,
    refuse,
    text,
)
from pywebllm.errors import InvalidRequestError

__all__ = ["PARAMETERS", "Parameter", "Table", "merged", "read_parameters"]

_MOST_TOP_LOGPROBS = 5
_LARGEST_TOKEN = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Parameter:
    """What becomes of a parameter.

    Attributes:
        how: `honoured`; `no effect`, for what only concerns OpenAI's own servers; or `refused`.
        check: Returns the value as it is used, None for one that says nothing, or raises.
        why: Why it has no effect or is refused.
    """

    how: Literal["honoured", "no effect", "refused"]
    check: Check
    why: str = ""


Table: TypeAlias = Mapping[str, Parameter]


def read_parameters(body: Mapping[str, object], table: Table | None = None) -> dict[str, object]:
    """Return the parameters of the request that are given and have an effect, each checked.

    `extra_body` counts as part of the request, and before it, as in the official SDK. `table`
    is that of the endpoint; None means chat completions.

    Raises:
        InvalidRequestError: A parameter is unknown, refused or out of its range.
    """
    known = PARAMETERS if table is None else table
    values: dict[str, object] = {}
    for name, value in merged(body).items():
        if value is None:
            continue
        if name not in known:
            raise InvalidRequestError(
                f"there is no parameter {name!r}.{closest(name, known)}", param=str(name)
            )
        checked = known[name].check(name, value)
        if checked is not None and known[name].how == "honoured":
            values[name] = checked
    return values


def merged(body: Mapping[str, object]) -> dict[str, object]:
    """Return the request with what is in its `extra_body`, which counts before all else.

    Raises:
        InvalidRequestError: That is no mapping, or holds another one.
    """
    extra = {} if body.get("extra_body") is None else mapping("extra_body", body["extra_body"])
    if "extra_body" in extra:
        refuse("extra_body", "cannot hold another one")
    return {name: value for name, value in body.items() if name != "extra_body"} | extra


def _honoured(check: Check) -> Parameter:
    return Parameter("honoured", check)


def _no_effect(check: Check, why: str) -> Parameter:
    return Parameter("no effect", check, why)


def _refused(why: str) -> Parameter:
    def check(path: str, value: object) -> object:
        del value
        refuse(path, f"cannot be honoured: {why}")

    return Parameter("refused", check, why)


def _only(*, allowed: object, why: str) -> Parameter:
    def check(path: str, value: object) -> object:
        if plain(value, path) != allowed or isinstance(value, bool) != isinstance(allowed, bool):
            refuse(path, f"can only be {allowed!r}, got {value!r}: {why}")
        return value

    return _no_effect(check, why)


def _as_it_is(path: str, value: object) -> object:
    del path
    return value


def _plain(path: str, value: object) -> object:
    return plain(value, path)


def _model(path: str, value: object) -> object:
    named = value.strip() if isinstance(value, str) else value
    if not named or not (isinstance(named, str | Mapping) or hasattr(named, "model_id")):
        refuse(path, f"is an id of a model or a model record, got {value!r}")
    return named


def _stop(path: str, value: object) -> object:
    if isinstance(value, str):
        return _stop_text(path, value)
    return [_stop_text(f"{path}[{i}]", item) for i, item in enumerate(items(path, value))] or None


def _stop_text(path: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        refuse(path, f"is a text that is not empty, got {value!r}")
    return value


def _logit_bias(path: str, value: object) -> object:
    bias = number(-100, 100)
    found: dict[str, float] = {}
    # As it was given: 5 and "5" are two keys until they are texts.
    given = value if isinstance(value, Mapping) else mapping(path, value)
    for key, item in given.items():
        token = _token(path, key)
        if token in found:
            refuse(path, f"has two values for the token {token}")
        if item is not None:
            found[token] = bias(f"{path}.{token}", item)
    return found or None


def _token(path: str, key: object) -> str:
    digits = str(key)
    if not (digits.isascii() and digits.isdigit()):
        refuse(path, f"has ids of tokens as keys, got {key!r}")
    # WebLLM finds a token by its id as JavaScript writes it, and in 32 bits.
    token = digits.lstrip("0") or "0"
    if len(token) > len(str(_LARGEST_TOKEN)) or int(token) > _LARGEST_TOKEN:
        refuse(path, f"has ids of tokens from 0 to {_LARGEST_TOKEN} as keys, got {key!r}")
    return token


def _top_logprobs(path: str, value: object) -> object:
    return integer(0, _MOST_TOP_LOGPROBS, why="WebLLM gives no more")(path, value)


def _reasoning_effort(path: str, value: object) -> object:
    if value != "none":
        refuse(
            path,
            f"can only be 'none', got {value!r}: WebLLM lets a model think as it does by"
            " itself, or not at all",
        )
    return value


_PENALTY = number(-2, 2)
_OPENAI_ONLY = "it concerns OpenAI's own servers; nothing leaves this browser"
_CACHE = "WebLLM keeps the last conversation of each model in the GPU, and nothing else"
_TEXT_ONLY = "WebLLM answers in text"
_NO_HTTP = "there is no HTTP request that it could travel with"

PARAMETERS: Table = MappingProxyType(
    {
        "messages": _honoured(items),
        "model": _honoured(_model),
        "stream": _honoured(flag),
        "stream_options": _honoured(mapping),
        # Sampling
        "temperature": _honoured(number(0, 2)),
        "top_p": _honoured(number(0, 1, above=True)),
        "frequency_penalty": _honoured(_PENALTY),
        "presence_penalty": _honoured(_PENALTY),
        "logit_bias": _honoured(_logit_bias),
        "seed": _honoured(integer(-LARGEST_INTEGER)),
        # Length and number
        "max_tokens": _honoured(integer(1)),
        "max_completion_tokens": _honoured(integer(1)),
        "stop": _honoured(_stop),
        "n": _honoured(integer(1, 128)),
        # Form
        "logprobs": _honoured(flag),
        "top_logprobs": _honoured(_top_logprobs),
        "response_format": _honoured(_as_it_is),
        "tools": _honoured(items),
        "tool_choice": _honoured(_plain),
        "parallel_tool_calls": _honoured(flag),
        "reasoning_effort": _honoured(_reasoning_effort),
        # What says nothing here
        "user": _no_effect(text, _OPENAI_ONLY),
        "safety_identifier": _no_effect(text, _OPENAI_ONLY),
        "prompt_cache_key": _no_effect(text, _CACHE),
        "service_tier": _no_effect(one_of("auto", "default"), _OPENAI_ONLY),
        "store": _only(allowed=False, why="answers are not stored"),
        "modalities": _only(allowed=["text"], why=_TEXT_ONLY),
        # What cannot be had
        "audio": _refused(_TEXT_ONLY),
        "extra_headers": _refused(_NO_HTTP),
        "extra_query": _refused(_NO_HTTP),
        "function_call": _refused("it is the old form of tool_choice; use that"),
        "functions": _refused("it is the old form of tools; use that"),
        "metadata": _refused("answers are not stored, so nothing could be found by it"),
        "min_p": _refused("WebLLM does not sample so; use top_p"),
        "moderation": _refused("there is no model for it here"),
        "prediction": _refused("WebLLM cannot use a predicted answer"),
        "prompt_cache_options": _refused(_CACHE),
        "prompt_cache_retention": _refused(_CACHE),
        "timeout": _refused("it is the client's; or use asyncio.timeout around the call"),
        "top_k": _refused("WebLLM does not sample so; use top_p"),
        "verbosity": _refused("no model here is trained for it; ask for it in the prompt"),
        "web_search_options": _refused("a model here sees nothing but its prompt"),
        # WebLLM's own
        "repetition_penalty": _honoured(number(0, above=True)),
        "ignore_eos": _honoured(flag),
        "enable_thinking": _honoured(flag),
        "enable_latency_breakdown": _honoured(flag),
        "resumable": _honoured(_plain),
        "extra_body": _honoured(mapping),
    }
)
