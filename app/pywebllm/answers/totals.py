"""The total usage of several requests to the engine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pywebllm.types import PromptTokensDetails, Usage

__all__ = ["total_usage"]


def total_usage(usages: Sequence[Usage], *, answers: int = 1) -> Usage:
    """Return the total usage of answers that were generated one after another.

    The tokens of a prompt count once. The time to the first token and the prefill speed are those
    of the first answer, the decode speed is that of all tokens; latencies add up.

    Args:
        usages: The usage of each answer, in order; at least one.
        answers: The number of consecutive answers to each prompt.
    """
    first = usages[0]
    if len(usages) == 1:
        return first
    prompts = usages[::answers]
    prompt_tokens = sum(usage.prompt_tokens for usage in prompts)
    completion_tokens = sum(usage.completion_tokens for usage in usages)
    details = [usage.prompt_tokens_details for usage in prompts]
    cached = [detail.cached_tokens for detail in details if detail is not None]
    return Usage(
        prompt_tokens=prompt_tokens,
        completion_tokens=completion_tokens,
        total_tokens=prompt_tokens + completion_tokens,
        prompt_tokens_details=PromptTokensDetails(cached_tokens=sum(cached)) if cached else None,
        time_to_first_token=first.time_to_first_token,
        prefill_tokens_per_second=first.prefill_tokens_per_second,
        decode_tokens_per_second=_speed(usages),
        end_to_end_latency=_sum(usage.end_to_end_latency for usage in usages),
        latency_breakdown=_breakdown(usages),
    )


def _speed(usages: Sequence[Usage]) -> float | None:
    # Prefill yields the first token of an answer, decoding all others.
    pairs = [
        (usage.completion_tokens - 1, usage.decode_tokens_per_second)
        for usage in usages
        if usage.decode_tokens_per_second and usage.completion_tokens > 1
    ]
    if not pairs:
        return None
    return sum(tokens for tokens, _ in pairs) / sum(tokens / speed for tokens, speed in pairs)


def _sum(times: Iterable[float | None]) -> float | None:
    known = [time for time in times if time is not None]
    return sum(known) if known else None


def _breakdown(usages: Sequence[Usage]) -> dict[str, tuple[float, ...]] | None:
    known = [usage.latency_breakdown for usage in usages if usage.latency_breakdown is not None]
    if not known:
        return None
    names = dict.fromkeys(name for breakdown in known for name in breakdown)
    return {
        name: tuple(time for breakdown in known for time in breakdown.get(name, ()))
        for name in names
    }
