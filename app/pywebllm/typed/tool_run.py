"""The loop of `run_tools`: ask the model, call what it asks for, tell it, until it answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from pywebllm.errors import ToolRoundsError, TruncatedError
from pywebllm.request.checks import integer
from pywebllm.types import ChatCompletion, ChatCompletionMessage
from pywebllm.types.inputs import Message

from .toolbox import Toolbox

__all__ = ["ToolRun", "run_tools"]

_MAX_ROUNDS = integer(1)

# Asks the model: the conversation so far, and what `tool_choice` is this time.
Ask = Callable[[Sequence[Message], object], Awaitable[ChatCompletion]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolRun:
    """An answer that tools helped to find.

    Attributes:
        completion: The answer, which calls no tools; its usage is that of the last round.
        messages: The whole conversation, the answer included: `messages` of what comes next.
        rounds: How often the model was asked, 1 when it needed no tool.
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
    """Ask the model until it answers without calling a tool. Cancelled, what runs is stopped.

    Raises:
        InvalidRequestError: `max_rounds` is no integer from 1.
        ToolRoundsError: The answer of the last round calls tools; they were not called.
        TruncatedError: An answer that calls tools was cut off.
    """
    _MAX_ROUNDS("max_rounds", max_rounds)
    conversation = list(messages)
    for rounds in range(1, max_rounds + 1):
        completion = await ask(conversation, tool_choice)
        message = completion.choices[0].message
        conversation.append(message)
        if not message.tool_calls:
            return ToolRun(completion=completion, messages=tuple(conversation), rounds=rounds)
        if completion.finish_reason == "length":
            raise TruncatedError("the model's call of a tool was cut off", text=completion.text)
        if rounds < max_rounds:
            conversation += await _results(tools, message)
        tool_choice = _after_a_call(tool_choice)
    raise ToolRoundsError(
        f"the model still calls tools in round {max_rounds}, the last one",
        messages=conversation,
        completion=completion,
    )


def _after_a_call(choice: object) -> object:
    # The model decides from here on: a choice that asks for calls would ask for them for ever.
    if not isinstance(choice, Mapping) or choice.get("type") != "allowed_tools":
        return None
    return {**choice, "allowed_tools": {**choice["allowed_tools"], "mode": "auto"}}


async def _results(tools: Toolbox, message: ChatCompletionMessage) -> list[Mapping[str, object]]:
    # In order, one at a time: tools may change the page, and the model wrote them in this order.
    return [
        {"role": "tool", "tool_call_id": call.id, "content": await tools.call(call.function)}
        for call in message.tool_calls or ()
    ]
