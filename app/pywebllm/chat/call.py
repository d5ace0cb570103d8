"""A request of OpenAI's chat completions, checked, and what the engine gets for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from .checks import LARGEST_INTEGER, check_keys, flag, refuse
from .messages import read_messages
from .parameters import read_parameters

if TYPE_CHECKING:
    from pywebllm.records import Model

__all__ = ["ChatCall", "read_call"]

# What WebLLM takes as OpenAI does, under the same name.
_PASSED = (
    "temperature",
    "top_p",
    "frequency_penalty",
    "presence_penalty",
    "repetition_penalty",
    "logit_bias",
    "stop",
    "ignore_eos",
    "logprobs",
    "top_logprobs",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatCall:
    """A checked request: what the engine gets, and how its answer is read.

    Attributes:
        bodies: WebLLM's request for each answer, without `model` and what concerns streaming;
            `bodies[i]` makes choice number i.
        model: What the request named; None for the default model.
        stream: True when the answer is wanted in chunks.
        include_usage: True when a last chunk carries the usage.
        reads_tools: True when the text may hold tool calls.
        splits_reasoning: True when the text may begin with reasoning.
    """

    bodies: tuple[Mapping[str, object], ...]
    model: Model
    stream: bool
    include_usage: bool
    reads_tools: bool
    splits_reasoning: bool


def read_call(body: Mapping[str, object]) -> ChatCall:
    """Check the body of a chat completion, JSON-shaped, and return what to do for it.

    Messages and tools may also be values of this library or of the official SDK.

    Raises:
        InvalidRequestError: Something is unknown, out of its range, or cannot be honoured;
            `param` says where.
    """
    values = read_parameters(body)
    thinks = _read_thinking(values)
    messages = read_messages(
        cast("list[object]", values.get("messages", [])), skips_thinking=thinks is False
    )
    request: dict[str, object] = {"messages": messages}
    request.update({name: values[name] for name in _PASSED if name in values})
    if "top_logprobs" in values and not values.get("logprobs"):
        refuse("top_logprobs", "needs logprobs=True")
    max_tokens = _read_max_tokens(values)
    if max_tokens is not None:
        request["max_tokens"] = max_tokens
    stream = bool(values.get("stream", False))
    return ChatCall(
        bodies=_bodies(request, values),
        model=cast("Model", values.get("model")),
        stream=stream,
        include_usage=_read_include_usage(values, stream=stream),
        reads_tools=False,
        splits_reasoning=True,
    )


def _bodies(
    request: Mapping[str, object], values: Mapping[str, object]
) -> tuple[Mapping[str, object], ...]:
    count = cast("int", values.get("n", 1))
    seed = cast("int | None", values.get("seed"))
    if seed is None:
        return (request,) * count
    if seed + count - 1 > LARGEST_INTEGER:
        refuse("seed", f"leaves no room for {count} answers: each has the next seed, got {seed}")
    return tuple({**request, "seed": seed + i} for i in range(count))


def _read_thinking(values: Mapping[str, object]) -> object:
    thinks = values.get("enable_thinking")
    if "reasoning_effort" not in values:
        return thinks
    if thinks is True:
        refuse("reasoning_effort", "is 'none', but enable_thinking is True")
    return False


def _read_max_tokens(values: Mapping[str, object]) -> object:
    old, new = values.get("max_tokens"), values.get("max_completion_tokens")
    if old is not None and new is not None and old != new:
        refuse("max_completion_tokens", f"is the new name of max_tokens, got {new} and {old}")
    return old if new is None else new


def _read_include_usage(values: Mapping[str, object], *, stream: bool) -> bool:
    if "stream_options" not in values:
        return False
    if not stream:
        refuse("stream_options", "needs stream=True")
    options = cast("dict[str, object]", values["stream_options"])
    check_keys("stream_options", options, ("include_usage", "include_obfuscation"))
    if options.get("include_obfuscation", False) is not False:
        refuse("stream_options.include_obfuscation", "can only be False: nothing is sent anywhere")
    return flag("stream_options.include_usage", options.get("include_usage", False))
