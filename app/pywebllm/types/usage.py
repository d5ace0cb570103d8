"""What a request used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from .value import Value

__all__ = ["PromptTokensDetails", "Usage", "with_extra"]

# Fields that are in `usage.extra`, by WebLLM's names.
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
    """Return the JSON object of a usage with what only WebLLM reports under `extra`."""
    extra = {_EXTRA[name]: value for name, value in usage.items() if name in _EXTRA}
    rest = {name: value for name, value in usage.items() if name not in _EXTRA}
    return rest | {"extra": extra} if extra else rest


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptTokensDetails(Value):
    """How the prompt's tokens were had; `cached_tokens` were still in the KV cache."""

    cached_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage(Value):
    """What one request used. All times are in seconds; what the engine did not say is None.

    Attributes:
        prompt_tokens: Tokens of the whole prompt, those in the KV cache included.
        completion_tokens: Tokens of the answer; the one that ends it counts.
        total_tokens: Both together.
        prompt_tokens_details: How many of the prompt's tokens were cached.
        completion_tokens_details: None: those of the reasoning are not counted apart.
        time_to_first_token: From the start of the request to its first token.
        prefill_tokens_per_second: Speed of reading what was not cached.
        decode_tokens_per_second: Speed of writing the answer.
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
        """Return the JSON object of this value; what only WebLLM reports is in `extra`."""
        return with_extra(Value.to_dict(self))
