"""`run_tools` calls tools until the model answers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from pydantic import BaseModel
from pywebllm import AsyncWebLLM
from pywebllm.errors import InvalidRequestError, ToolRoundsError, TruncatedError
from pywebllm.testing import ScriptedEngine, tool_call
from pywebllm.typed.tool_run import ToolRun, run_tools
from pywebllm.typed.toolbox import Toolbox
from pywebllm.types import (
    ChatCompletion,
    ChatCompletionMessage,
    Choice,
    FinishReason,
    Function,
    ToolCall,
)
from pywebllm.types.inputs import Message

pytestmark = pytest.mark.timeout(20)

QUESTION = {"role": "user", "content": "How warm is it in Rome?"}


def call(number: int, name: str = "warmth", arguments: str = '{"city": "Rome"}') -> ToolCall:
    return ToolCall(id=f"call_{number}", function=Function(name=name, arguments=arguments))


def completion(
    content: str | None, *calls: ToolCall, finish_reason: FinishReason | None = None
) -> ChatCompletion:
    message = ChatCompletionMessage(content=content, tool_calls=calls or None)
    reason = finish_reason or ("tool_calls" if calls else "stop")
    choice = Choice(index=0, message=message, finish_reason=reason)
    return ChatCompletion(id="1", created=1, model="m", choices=(choice,))


class Model:
    """Returns the answers of the test, and records the requests."""

    def __init__(self, *answers: ChatCompletion) -> None:
        self._answers = list(answers)
        self.asked: list[list[Message]] = []
        self.choices: list[object] = []

    async def ask(self, messages: Sequence[Message], tool_choice: object) -> ChatCompletion:
        self.asked.append(list(messages))
        self.choices.append(tool_choice)
        return self._answers.pop(0)


class Weather:
    """A tool that records its arguments."""

    def __init__(self) -> None:
        self.cities: list[str] = []

    def warmth(self, city: str) -> str:
        """Return the temperature.

        Args:
            city: Where.
        """
        self.cities.append(city)
        return f"{20 + len(self.cities)} degrees in {city}"


async def run(
    model: Model, *tools: Any, tool_choice: object = None, max_rounds: Any = 10
) -> ToolRun:
    return await run_tools(
        model.ask, Toolbox(tools), [QUESTION], tool_choice=tool_choice, max_rounds=max_rounds
    )


async def test_answer_without_tool_calls_ends_the_run() -> None:
    model = Model(completion("Warm."))
    found = await run(model, Weather().warmth)
    assert (found.text, found.rounds) == ("Warm.", 1)
    assert found.messages == (QUESTION, found.completion.choices[0].message)


async def test_result_of_a_function_is_sent_to_the_model() -> None:
    weather = Weather()
    model = Model(completion(None, call(1)), completion("It is 21 degrees."))
    found = await run(model, weather.warmth)
    assert weather.cities == ["Rome"]
    result = {"role": "tool", "tool_call_id": "call_1", "content": "21 degrees in Rome"}
    assert model.asked[1][2] == result
    assert (found.text, found.rounds) == ("It is 21 degrees.", 2)
    assert len(found.messages) == 4


async def test_earlier_messages_are_sent_again_unchanged() -> None:
    model = Model(completion(None, call(1)), completion(None, call(2)), completion("Warm."))
    await run(model, Weather().warmth)
    first, second, third = model.asked
    assert second[: len(first)] == first
    assert third[: len(second)] == second


async def test_messages_of_the_caller_are_not_modified() -> None:
    conversation = [QUESTION]
    model = Model(completion(None, call(1)), completion("Warm."))
    tools = Toolbox([Weather().warmth])
    await run_tools(model.ask, tools, conversation, tool_choice=None, max_rounds=3)
    assert conversation == [QUESTION]


async def test_calls_of_a_round_are_made_in_order() -> None:
    weather = Weather()
    calls = call(1), call(2, arguments='{"city": "Oslo"}')
    model = Model(completion("Let me see.", *calls), completion("Warm."))
    found = await run(model, weather.warmth)
    assert weather.cities == ["Rome", "Oslo"]
    results = [message for message in found.messages if isinstance(message, dict)][1:]
    assert [it["tool_call_id"] for it in results] == ["call_1", "call_2"]


@pytest.mark.parametrize(
    "choice", ["required", {"type": "function", "function": {"name": "warmth"}}]
)
async def test_tool_choice_that_requires_a_call_applies_to_the_first_round(choice: object) -> None:
    model = Model(completion(None, call(1)), completion("Warm."))
    await run(model, Weather().warmth, tool_choice=choice)
    assert model.choices == [choice, None]


async def test_allowed_tools_apply_to_every_round() -> None:
    allowed = [{"type": "function", "function": {"name": "warmth"}}]
    choice = {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": allowed}}
    model = Model(completion(None, call(1)), completion(None, call(2)), completion("Warm."))
    await run(model, Weather().warmth, tool_choice=choice)
    freed = {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": allowed}}
    assert model.choices == [choice, freed, freed]


async def test_calls_in_the_last_round_are_an_error_and_are_not_made() -> None:
    weather = Weather()
    model = Model(completion(None, call(1)), completion(None, call(2)))
    with pytest.raises(ToolRoundsError, match="round 2, the last one") as caught:
        await run(model, weather.warmth, max_rounds=2)
    assert weather.cities == ["Rome"]
    assert caught.value.completion is not None
    last = caught.value.completion.choices[0].message
    assert last.tool_calls == (call(2),)
    assert caught.value.messages == (*model.asked[1], last)


async def test_truncated_tool_call_is_an_error_and_is_not_made() -> None:
    weather = Weather()
    for arguments in ('{"city": "Ro', "{", "", '{"city": "Rome"'):
        truncated = completion("So", call(1, arguments=arguments), finish_reason="length")
        with pytest.raises(TruncatedError, match="a tool call was truncated") as caught:
            await run(Model(truncated), weather.warmth)
        assert caught.value.text == "So"
    assert weather.cities == []


async def test_complete_calls_of_a_truncated_answer_are_made_once_each() -> None:
    """A model that must call a tool may repeat the same call until `max_tokens`."""
    weather = Weather()
    other = '{"city": "Oslo"}'
    calls = [call(1), call(2, arguments=other), call(3), call(4), call(5, arguments='{"city": "R')]
    model = Model(completion("", *calls, finish_reason="length"), completion("Warm."))
    found = await run(model, weather.warmth, tool_choice="required")
    assert weather.cities == ["Rome", "Oslo"]
    assert (found.text, found.rounds) == ("Warm.", 2)
    message, *results = found.messages[1:4]
    assert isinstance(message, ChatCompletionMessage)
    assert message.tool_calls == (call(1), call(2, arguments=other))
    ids = [result["tool_call_id"] for result in results if isinstance(result, dict)]
    assert ids == ["call_1", "call_2"]


async def test_repeated_calls_of_a_complete_answer_are_all_made() -> None:
    weather = Weather()
    model = Model(completion(None, call(1), call(2)), completion("Warm."))
    await run(model, weather.warmth)
    assert weather.cities == ["Rome", "Rome"]


async def test_tool_call_truncated_before_its_name_is_an_error() -> None:
    with pytest.raises(TruncatedError, match="tool call was truncated"):
        await run(Model(completion("", finish_reason="length")), Weather().warmth)


async def test_truncated_reasoning_is_returned() -> None:
    thought = ChatCompletionMessage(content="", reasoning="Well")
    choice = Choice(index=0, message=thought, finish_reason="length")
    answer = ChatCompletion(id="1", created=1, model="m", choices=(choice,))
    found = await run(Model(answer), Weather().warmth)
    assert found.completion.finish_reason == "length"


async def test_truncated_answer_without_calls_is_returned() -> None:
    found = await run(Model(completion("It is", finish_reason="length")), Weather().warmth)
    assert found.completion.finish_reason == "length"


@pytest.mark.parametrize("rounds", [0, -1, 1.5, True, "3", None])
async def test_max_rounds_that_is_not_an_integer_from_1_is_refused(rounds: Any) -> None:
    model = Model()
    with pytest.raises(
        InvalidRequestError, match="max_rounds must be an integer from 1, got"
    ) as caught:
        await run(model, Weather().warmth, max_rounds=rounds)
    assert caught.value.param == "max_rounds"
    assert model.asked == []


async def test_cancelling_a_tool_run_cancels_the_function() -> None:
    began, stopped = asyncio.Event(), asyncio.Event()

    async def wait() -> str:
        """Wait indefinitely."""
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()
        return "never"

    model = Model(completion(None, call(1, "wait", "{}")), completion("Never."))
    task = asyncio.create_task(run(model, wait))
    await began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert stopped.is_set()
    assert len(model.asked) == 1


async def test_objects_restrict_the_tools_of_every_round_as_mappings_do() -> None:
    class Restriction(BaseModel):
        mode: str = "required"
        tools: list[dict[str, Any]] = [{"type": "function", "function": {"name": "warmth"}}]

    class Allowed(BaseModel):
        type: str = "allowed_tools"
        allowed_tools: Restriction = Restriction()

    def other() -> None:
        """Do nothing."""

    choices: list[Any] = [Allowed(), {"type": "allowed_tools", "allowed_tools": Restriction()}]
    for choice in choices:
        engine = ScriptedEngine([tool_call("warmth", city="Rome"), "Warm."])
        async with AsyncWebLLM(bridge=engine.open) as llm:
            found = await llm.chat.completions.run_tools(
                messages=[QUESTION], tools=[Weather().warmth, other], tool_choice=choice
            )
        assert found.rounds == 2
        assert "other" not in engine.requests[1].prompt
