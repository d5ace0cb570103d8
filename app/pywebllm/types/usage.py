"""The usage of a request: tokens and speed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from .value import Value

__all__ = ["PromptTokensDetails", "Usage", "with_extra"]

# Fields that are in `usage.extra` in JSON, and WebLLM's names for them.
_EXTRA: Mapping[str, str] = MappingProxyType(
    {
        "end_to_end_latency": "e2e_latency_s",
        "prefill_tokens_per_second": "prefill_tokens_per_s",
        "decode_tokens_per_second": "decode_tokens_per_s",
        "time_to_first_token": "time_to_first_token_s",
        "latency_breakdown": "latencyBreakdown",
    }
)


def with_extra(usage: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON object of a usage with the fields that are WebLLM's moved to `extra`."""
    extra = {_EXTRA[name]: value for name, value in usage.items() if name in _EXTRA}
    rest = {name: value for name, value in usage.items() if name not in _EXTRA}
    return rest | {"extra": extra} if extra else rest


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptTokensDetails(Value):
    """A breakdown of the prompt's tokens; `cached_tokens` were reused from the KV cache."""

    cached_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage(Value):
    """The usage of one request. Times are in seconds; a value that was not reported is None.

    Attributes:
        prompt_tokens: Tokens of the whole prompt, including those reused from the KV cache.
        completion_tokens: Tokens of the answer, including the one that ends it.
        total_tokens: The sum of both.
        prompt_tokens_details: How many of the prompt's tokens were cached.
        completion_tokens_details: None: reasoning tokens are not counted separately.
        time_to_first_token: From the start of the request to its first token.
        prefill_tokens_per_second: The speed of processing the prompt without its cached tokens.
        decode_tokens_per_second: The speed of generating the answer.
        end_to_end_latency: From the start of the request to its end.
        latency_breakdown: Seconds per token of each step of sampling, by WebLLM's names; only
            with `enable_latency_breakdown`.
    """

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: PromptTokensDetails | None = None
    completion_tokens_details: None = None
    time_to_first_token: float | None = None
    prefill_tokens_per_second: float | None = None
    decode_tokens_per_second: float | None = None
    end_to_end_latency: float | None = None
    latency_breakdown: Mapping[str, tuple[float, ...]] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object of this value; fields that are WebLLM's are in `extra`."""
        return with_extra(Value.to_dict(self))
