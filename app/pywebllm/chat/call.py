"""A request of the chat completions endpoint, checked, and the engine's requests for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from pywebllm.request.call import GenerationCall
from pywebllm.request.checks import refuse
from pywebllm.request.choices import check_end, includes_usage, one_for_each
from pywebllm.request.table import read_parameters

from .beginning import check_beginning, take_beginning
from .functions import with_tools
from .messages import read_messages
from .other_servers import translated
from .parameters import PARAMETERS
from .response_format import AnswerFormat, read_response_format
from .tool_prompt import tools_prompt
from .tool_tag import tool_format
from .tools import ToolUse, read_tools

if TYPE_CHECKING:
    from pywebllm.records import Model

__all__ = ["ChatCall", "read_call"]

# Parameters that WebLLM takes under the same name and with the same meaning as OpenAI.
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
# WebLLM's own parameters, which it takes in `extra_body`.
_EXTRA = ("enable_thinking", "enable_latency_breakdown", "resumable")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatCall(GenerationCall):
    """A checked chat request: what the engine gets, and how to read its answer.

    Attributes:
        reads_tools: True if the text may contain tool calls; otherwise it is content throughout.
        splits_reasoning: True if the text may begin with reasoning.
    """

    reads_tools: bool
    splits_reasoning: bool


def read_call(body: Mapping[str, object]) -> ChatCall:
    """Check the body of a chat completion request.

    The body has the shape of the reference's JSON; messages and tools may also be values of this
    library or of the official SDK.

    Raises:
        InvalidRequestError: A parameter is unknown, out of range or not supported; `param` is
            its path.
    """
    values = translated(with_tools(read_parameters(body, PARAMETERS)))
    skips_thinking = _skips_thinking(values)
    use = read_tools(values)
    answer = read_response_format(values.get("response_format"))
    messages = read_messages(
        cast("list[object]", values.get("messages", [])),
        tools_prompt=tools_prompt(use.shown) if use else "",
    )
    beginning = take_beginning(messages)
    request: dict[str, object] = {"messages": messages}
    if use is not None and not use.callable:
        use = None  # the prompt lists the tools, but the model cannot call them
    request |= {name: values[name] for name in _PASSED if name in values}
    extra = _extra(values, skips_thinking=skips_thinking, beginning=beginning)
    if answer is not None and answer.schema is not None and use is None:
        # Not for WebLLM: the bridge keeps it for an engine that takes schemas itself. As text,
        # since None is a value in a schema.
        extra["response_schema"] = json.dumps(answer.schema)
    request |= _length(values) | _form(answer, use)
    request |= {"extra_body": extra} if extra else {}
    _check_together(request, values)
    if beginning:
        check_beginning(values, is_constrained=_is_constrained(answer, use))
    return ChatCall(
        bodies=one_for_each(request, values),
        model=cast("Model", values.get("model")),
        stream=bool(values.get("stream", False)),
        include_usage=includes_usage(values),
        reads_tools=use is not None,
        # WebLLM writes the empty block that turns thinking off before a grammar begins.
        splits_reasoning=skips_thinking or not _is_constrained(answer, use),
    )


def _skips_thinking(values: Mapping[str, object]) -> bool:
    if "reasoning_effort" not in values:
        return values.get("enable_thinking") is False
    if values.get("enable_thinking") is True:
        refuse("reasoning_effort", "cannot be 'none' when enable_thinking is True")
    return True


def _length(values: Mapping[str, object]) -> dict[str, object]:
    old, new = values.get("max_tokens"), values.get("max_completion_tokens")
    if old is not None and new is not None and old != new:
        refuse(
            "max_completion_tokens",
            f"must equal max_tokens, its former name, if both are given, got {new} and {old}",
        )
    limit = old if new is None else new
    return {} if limit is None else {"max_tokens": limit}


def _form(answer: AnswerFormat | None, use: ToolUse | None) -> dict[str, object]:
    if use is None:
        return {} if answer is None else {"response_format": answer.request}
    if answer is not None and answer.structural_tag is not None:
        refuse(
            "response_format",
            "cannot be a structural tag in a request with tools, which use one themselves",
        )
    # The bridge counts no lengths inside a structural tag.
    grammar = None if answer is None else answer.whole_grammar
    tag = {"type": "structural_tag", "format": tool_format(use, answer=grammar)}
    return {"response_format": {"type": "structural_tag", "structural_tag": json.dumps(tag)}}


def _is_constrained(answer: AnswerFormat | None, use: ToolUse | None) -> bool:
    return (use is not None and use.must_call) or (answer is not None and bool(answer.grammar))


def _extra(
    values: Mapping[str, object], *, skips_thinking: bool, beginning: str
) -> dict[str, object]:
    extra = {name: values[name] for name in _EXTRA if name in values}
    if beginning:
        extra["beginning"] = beginning
    if skips_thinking:
        extra["enable_thinking"] = False
    return extra


def _check_together(request: Mapping[str, object], values: Mapping[str, object]) -> None:
    if "top_logprobs" in values and not values.get("logprobs"):
        refuse("top_logprobs", "requires logprobs=True")
    check_end(values)
    if values.get("ignore_eos") and "response_format" in request:
        # WebLLM 0.2.86 asks the grammar what follows its end, and aborts, the model with it:
        # `test_engine_cannot_continue_after_the_end_of_a_grammar`.
        refuse(
            "ignore_eos",
            "cannot be combined with tools or response_format: the grammar allows nothing after"
            " its end",
            advice="Leave out ignore_eos; the grammar determines where the answer ends.",
        )
    if "resumable" in values:
        _check_resumable(request, values)


def _check_resumable(request: Mapping[str, object], values: Mapping[str, object]) -> None:
    messages = cast("list[dict[str, object]]", request["messages"])
    if "response_format" in request:
        problem = "tools or response_format: WebLLM resumes free text only"
    elif cast("int", values.get("n", 1)) > 1:
        problem = "n greater than 1: a session stores one answer"
    elif not all(isinstance(message["content"], str) for message in messages):
        problem = "images or audio: WebLLM stores text only"
    else:
        return
    refuse("resumable", f"cannot be combined with {problem}")
