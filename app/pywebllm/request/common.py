"""The parameters that several endpoints share, with the same meaning and the same range in each.

Names and meaning are those of the OpenAI API reference; the last group of each table is WebLLM's.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from .checks import LARGEST_INTEGER, flag, integer, items, mapping, number, refuse, text
from .table import Table, honored, no_effect, refused

__all__ = ["GENERATION", "OPENAI_ONLY", "REQUEST"]

OPENAI_ONLY = "it concerns OpenAI's own servers; nothing leaves this browser"

_LARGEST_TOKEN = 2**31 - 1
_PENALTY = number(-2, 2)
_NO_HTTP = "there is no HTTP request that it could travel with"


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


# What every request takes.
REQUEST: Table = MappingProxyType(
    {
        "model": honored(_model),
        "user": no_effect(text, OPENAI_ONLY),
        "extra_headers": refused(_NO_HTTP),
        "extra_query": refused(_NO_HTTP),
        "timeout": refused("it is the client's; or use asyncio.timeout around the call"),
        "extra_body": honored(mapping),
    }
)

# What a request to write text takes besides.
GENERATION: Table = MappingProxyType(
    {
        "stream": honored(flag),
        "stream_options": honored(mapping),
        # Sampling
        "temperature": honored(number(0, 2)),
        "top_p": honored(number(0, 1, above=True)),
        "frequency_penalty": honored(_PENALTY),
        "presence_penalty": honored(_PENALTY),
        "logit_bias": honored(_logit_bias),
        "seed": honored(integer(-LARGEST_INTEGER)),
        # Length and number
        "max_tokens": honored(integer(1)),
        "stop": honored(_stop),
        "n": honored(integer(1, 128)),
        # WebLLM's own
        "repetition_penalty": honored(number(0, above=True)),
        "ignore_eos": honored(flag),
        "enable_latency_breakdown": honored(flag),
    }
)
