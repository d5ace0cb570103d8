"""The loop of `run_tools`: request an answer, call the requested tools, until there are none."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from pywebllm.errors import ToolRoundsError, TruncatedError
from pywebllm.json_text import read_json
from pywebllm.request.checks import integer
from pywebllm.types import ChatCompletion, ChatCompletionMessage, Function, ToolCall
from pywebllm.types.inputs import Message

from .toolbox import Toolbox

__all__ = ["ToolRun", "run_tools"]

_MAX_ROUNDS = integer(1)

# Requests an answer: takes the conversation so far and the `tool_choice` of this round.
Ask = Callable[[Sequence[Message], object], Awaitable[ChatCompletion]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolRun:
    """The result of `run_tools`.

    Attributes:
        completion: The final answer, without tool calls; its usage is that of the last round.
        messages: The whole conversation including the answer, to continue in the next request.
        rounds: The number of requests to the model; 1 if it called no tool.
    """

    completion: ChatCompletion
    messages: tuple[Message, ...]
    rounds: int

    @property
    def text(self) -> str:
        """The text of the answer."""
        return self.completion.text


async def run_tools(
    ask: Ask, tools: Toolbox, messages: Sequence[Message], *, tool_choice: object, max_rounds: int
) -> ToolRun:
    """Request answers and call tools until an answer has no tool calls.

    Of a truncated answer, the complete calls are made, each once: a model that must call a tool may
    repeat the same call until `max_tokens`. On cancellation the model or the running tool stops.

    Raises:
        InvalidRequestError: `max_rounds` is not an integer from 1.
        ToolRoundsError: The answer of the last round has tool calls, which were not made.
        TruncatedError: An answer was truncated in its first tool call, or before it had any text.
    """
    _MAX_ROUNDS("max_rounds", max_rounds)
    conversation = list(messages)
    for rounds in range(1, max_rounds + 1):
        completion = await ask(conversation, tool_choice)
        message = completion.choices[0].message
        if completion.finish_reason == "length" and _lacks_an_answer(message):
            message = _with_complete_calls(completion)
        conversation.append(message)
        if not message.tool_calls:
            return ToolRun(completion=completion, messages=tuple(conversation), rounds=rounds)
        if rounds < max_rounds:
            conversation += await _results(tools, message)
        tool_choice = _after_a_call(tool_choice)
    raise ToolRoundsError(
        f"the model still calls tools in round {max_rounds}, the last one",
        messages=conversation,
        completion=completion,
    )


def _lacks_an_answer(message: ChatCompletionMessage) -> bool:
    # Of a call that ends before its name nothing is left: `tool_calls.ToolCallReader`.
    return bool(message.tool_calls) or not (message.content or message.reasoning)


def _with_complete_calls(completion: ChatCompletion) -> ChatCompletionMessage:
    """Return the message of a truncated answer without what was truncated or repeated.

    Raises:
        TruncatedError: No call is complete.
    """
    message = completion.choices[0].message
    complete: dict[Function, ToolCall] = {}
    for call in filter(_is_complete, message.tool_calls or ()):
        complete.setdefault(call.function, call)
    if not complete:
        raise TruncatedError("a tool call was truncated", text=completion.text)
    return replace(message, tool_calls=tuple(complete.values()))


def _is_complete(call: ToolCall) -> bool:
    try:
        return isinstance(read_json(call.function.arguments), dict)
    except ValueError:
        return False


def _after_a_call(choice: object) -> object:
    # A choice that requires calls would require them in every round, so the model decides now.
    if not isinstance(choice, Mapping) or choice.get("type") != "allowed_tools":
        return None
    return {**choice, "allowed_tools": {**choice["allowed_tools"], "mode": "auto"}}


async def _results(tools: Toolbox, message: ChatCompletionMessage) -> list[Mapping[str, object]]:
    # One at a time, in the model's order: tools may change the page.
    return [
        {"role": "tool", "tool_call_id": call.id, "content": await tools.call(call.function)}
        for call in message.tool_calls or ()
    ]
