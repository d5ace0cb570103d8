"""What a request used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .value import Value

__all__ = ["PromptTokensDetails", "Usage"]


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
