"""Answers in the deprecated form of requests with `functions`: a `function_call`, and no tools."""

from __future__ import annotations

from typing import Any

from .sse import Event

__all__ = ["in_old_form"]


def in_old_form(answer: Event) -> Event:
    """Return a chat completion or a chunk of one with its tool call as a `function_call`."""
    return {**answer, "choices": [_choice(choice) for choice in answer["choices"]]}


def _choice(choice: dict[str, Any]) -> dict[str, Any]:
    part = "message" if "message" in choice else "delta"
    content = dict(choice[part])
    calls = content.pop("tool_calls", None)
    if calls:
        content["function_call"] = calls[0]["function"]
    reason = choice["finish_reason"]
    return {
        **choice,
        part: content,
        "finish_reason": "function_call" if reason == "tool_calls" else reason,
    }
