"""A request of OpenAI's chat completions, checked, and what the engine gets for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from pywebllm.request.checks import refuse
from pywebllm.request.choices import check_end, includes_usage, one_for_each
from pywebllm.request.table import read_parameters

from .messages import read_messages
from .parameters import PARAMETERS
from .response_format import AnswerFormat, read_response_format
from .resumable import read_resumable
from .tool_prompt import tools_prompt
from .tool_tag import tool_format
from .tools import ToolUse, read_tools

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
        reads_tools: True when the text may hold tool calls; else what looks like one is content.
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
    values = read_parameters(body, PARAMETERS)
    skips_thinking = _skips_thinking(values)
    use = read_tools(values)
    answer = read_response_format(values.get("response_format"))
    request: dict[str, object] = {
        "messages": read_messages(
            cast("list[object]", values.get("messages", [])),
            tools_prompt=tools_prompt(use.shown) if use else "",
        )
    }
    if use is not None and not use.callable:
        use = None  # the model knows its tools, and nothing lets it call them
    request |= {name: values[name] for name in _PASSED if name in values}
    request |= _length(values) | _form(answer, use) | _extra(values, skips_thinking=skips_thinking)
    _check_together(request, values)
    return ChatCall(
        bodies=one_for_each(request, values),
        model=cast("Model", values.get("model")),
        stream=bool(values.get("stream", False)),
        include_usage=includes_usage(values),
        reads_tools=use is not None,
        # The block that keeps a model from thinking comes even before a grammar begins.
        splits_reasoning=skips_thinking or not _is_bound(answer, use),
    )


def _skips_thinking(values: Mapping[str, object]) -> bool:
    if "reasoning_effort" not in values:
        return values.get("enable_thinking") is False
    if values.get("enable_thinking") is True:
        refuse("reasoning_effort", "is 'none', but enable_thinking is True")
    return True


def _length(values: Mapping[str, object]) -> dict[str, object]:
    old, new = values.get("max_tokens"), values.get("max_completion_tokens")
    if old is not None and new is not None and old != new:
        refuse("max_completion_tokens", f"is the new name of max_tokens, got {new} and {old}")
    limit = old if new is None else new
    return {} if limit is None else {"max_tokens": limit}


def _form(answer: AnswerFormat | None, use: ToolUse | None) -> dict[str, object]:
    if use is None:
        return {} if answer is None else {"response_format": answer.request}
    if answer is not None and answer.structural_tag is not None:
        refuse("response_format", "cannot be a structural tag where tools have one of their own")
    grammar = None if answer is None else answer.grammar
    tag = {"type": "structural_tag", "format": tool_format(use, answer=grammar)}
    return {"response_format": {"type": "structural_tag", "structural_tag": json.dumps(tag)}}


def _is_bound(answer: AnswerFormat | None, use: ToolUse | None) -> bool:
    return (use is not None and use.must_call) or (answer is not None and bool(answer.grammar))


def _extra(values: Mapping[str, object], *, skips_thinking: bool) -> dict[str, object]:
    extra: dict[str, object] = {
        name: values[name]
        for name in ("enable_thinking", "enable_latency_breakdown")
        if name in values
    }
    if skips_thinking:
        extra["enable_thinking"] = False
    resumable = read_resumable(values.get("resumable"))
    if resumable is not None:
        extra["resumable"] = resumable
    return {"extra_body": extra} if extra else {}


def _check_together(request: Mapping[str, object], values: Mapping[str, object]) -> None:
    if "top_logprobs" in values and not values.get("logprobs"):
        refuse("top_logprobs", "needs logprobs=True")
    check_end(values)
    if values.get("ignore_eos") and "response_format" in request:
        # WebLLM 0.2.86 asks the grammar what follows its end, and aborts, the model with it:
        # `test_engine_cannot_write_on_behind_a_grammar`.
        refuse(
            "ignore_eos",
            "cannot be had with tools or response_format: nothing follows the end of a grammar",
            advice="Leave ignore_eos out; the grammar says where the answer may end.",
        )
    if not read_resumable(values.get("resumable")):
        return
    messages = cast("list[dict[str, object]]", request["messages"])
    if "response_format" in request:
        refuse("resumable", "cannot be had with tools or response_format: WebLLM resumes free text")
    if cast("int", values.get("n", 1)) > 1:
        refuse("resumable", "cannot be had with n above 1: a session is one answer")
    if not all(isinstance(message["content"], str) for message in messages):
        refuse("resumable", "cannot be had with images or audio: WebLLM keeps text only")
