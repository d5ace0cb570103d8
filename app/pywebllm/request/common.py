"""The parameters that several endpoints share, with the same meaning and range in each.

Names and meaning are those of the OpenAI API reference; the last group of each table is WebLLM's.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from .checks import (
    LARGEST_INTEGER,
    boolean,
    integer,
    items,
    mapping,
    nonempty_string,
    number,
    refuse,
    refuse_value,
    shown,
    string,
)
from .table import Table, honored, no_effect, refused

__all__ = ["GENERATION", "OPENAI_ONLY", "REQUEST", "metadata"]

OPENAI_ONLY = "it concerns OpenAI's servers only; no data leaves the browser"

_LARGEST_TOKEN = 2**31 - 1
_PENALTY = number(-2, 2)
_NO_HTTP = "no HTTP request is made"


def metadata(path: str, value: object) -> object:
    """Check that the value is a mapping to strings."""
    found = mapping(path, value)
    for item in found.values():
        if not isinstance(item, str):
            refuse(path, f"must have strings as values, got {shown(item)}")
    return found


def _model(path: str, value: object) -> object:
    named = value.strip() if isinstance(value, str) else value
    is_model = isinstance(named, str | Mapping) or hasattr(named, "model_id")
    if not is_model or not named:
        refuse_value(path, "a model ID or a model record", value)
    return named


# WebLLM 0.2.86 applies stop strings itself; the bridge corrects how it does that.
def _stop(path: str, value: object) -> object:
    if isinstance(value, str):
        return nonempty_string(path, value)
    found = items(path, value, "a string or a list of strings")
    return [nonempty_string(f"{path}[{i}]", item) for i, item in enumerate(found)] or None


def _logit_bias(path: str, value: object) -> object:
    bias = number(-100, 100)
    found: dict[str, float] = {}
    # `mapping` would turn the keys 5 and "5" into one.
    given = value if isinstance(value, Mapping) else mapping(path, value)
    for key, item in given.items():
        token = _token(path, key)
        if token in found:
            refuse(path, f"has two values for the token {token}")
        if item is not None:
            found[token] = bias(f"{path}.{token}", item)
    return found or None


def _token(path: str, key: object) -> str:
    digits = key if isinstance(key, str) else shown(key)
    # WebLLM looks a token up by its ID as JavaScript writes it, a 32-bit integer.
    token = digits.lstrip("0") or "0"
    is_id = bool(digits) and digits.isascii() and digits.isdigit()
    if not is_id or len(token) > len(str(_LARGEST_TOKEN)) or int(token) > _LARGEST_TOKEN:
        refuse(path, f"must have token IDs from 0 to {_LARGEST_TOKEN} as keys, got {shown(key)}")
    return token


# Accepted by every endpoint.
REQUEST: Table = MappingProxyType(
    {
        "model": honored(_model),
        "user": no_effect(string, OPENAI_ONLY),
        "extra_headers": refused(_NO_HTTP),
        "extra_query": refused(_NO_HTTP),
        "timeout": refused("set it on the client, or use asyncio.timeout around the call"),
        "extra_body": honored(mapping),
    }
)

# Accepted by the endpoints that generate text, in addition to REQUEST.
GENERATION: Table = MappingProxyType(
    {
        "stream": honored(boolean),
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
        "ignore_eos": honored(boolean),
        "enable_latency_breakdown": honored(boolean),
    }
)
