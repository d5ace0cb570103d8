"""Responses through the official SDK, each event validated strictly by its own models."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import openai
import pydantic
import pytest
from openai.types.responses import Response, ResponseStreamEvent
from pywebllm.errors import ContextWindowError, DeviceLostError

from tests.unit.openai.page import Page, read, sdk
from tests.unit.runners import end, piece, usage

EVENT: pydantic.TypeAdapter[ResponseStreamEvent] = pydantic.TypeAdapter(ResponseStreamEvent)
WEATHER: Any = {
    "type": "function",
    "name": "weather",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
    "strict": True,
}
CALL = '<tool_call>\n{"name": "weather", "arguments": {"city": "Bonn"}}\n</tool_call>'
ASK: Any = {"model": "builtin", "input": "Hello"}


class City(pydantic.BaseModel):
    name: str


async def events_of(client: openai.AsyncOpenAI, **request: Any) -> list[ResponseStreamEvent]:
    stream = await client.responses.create(**{**ASK, **request}, stream=True)
    events = [event async for event in stream]
    for event in events:
        EVENT.validate_python(event.model_dump(by_alias=True), strict=True)
    assert [event.sequence_number for event in events] == list(range(len(events)))
    return events


async def test_response_has_the_shape_of_the_reference(page: Page, library: ModuleType) -> None:
    page.chat("Good ", "day")
    async with sdk(page, library) as client:
        response = await client.responses.create(**ASK, instructions="Be kind.")
    Response.model_validate(response.model_dump(by_alias=True), strict=True)
    assert response.output_text == "Good day"
    assert response.status == "completed"
    assert response.instructions == "Be kind."
    assert response.model == "builtin"
    assert response.usage is not None
    assert (response.usage.input_tokens, response.usage.output_tokens) == (3, 2)
    messages = (await page.body())["messages"]
    assert [message["role"] for message in messages] == ["system", "user"]


@pytest.mark.parametrize("role", ["system", "developer"])
async def test_instructions_after_the_start_of_the_input_reach_the_model(
    page: Page, role: str
) -> None:
    items: Any = [
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "Hi"},
        {"role": role, "content": "Be brief."},
        {"role": "user", "content": "Why?"},
    ]
    page.chat("So.")
    async with sdk(page) as client:
        response = await client.responses.create(**{**ASK, "input": items})
    assert response.output_text == "So."
    assert (await page.body())["messages"] == [
        *items[:2],
        {"role": "user", "content": "<system>\nBe brief.\n</system>\n\nWhy?"},
    ]


async def test_response_events_have_the_order_of_the_reference(
    page: Page, library: ModuleType
) -> None:
    page.chat("Good ", "day")
    async with sdk(page, library) as client:
        events = await events_of(client)
    assert [event.type for event in events] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]


async def test_streamed_response_equals_the_whole_one(page: Page) -> None:
    page.chat("Good ", "day").chat("Good ", "day")
    async with sdk(page) as client:
        whole = await client.responses.create(**ASK)
        last = (await events_of(client))[-1]
    assert last.type == "response.completed"

    def plain(response: Response) -> dict[str, Any]:
        found = response.model_dump(exclude={"id", "created_at", "completed_at"})
        found["output"] = [{**item, "id": ""} for item in found["output"]]
        return found

    assert plain(last.response) == plain(whole)


async def test_reasoning_is_an_item_before_the_message(page: Page) -> None:
    page.chat("<think>It is ", "simple.</think>", "Yes")
    async with sdk(page) as client:
        events = await events_of(client)
    last = events[-1]
    assert last.type == "response.completed"
    reasoning, message = last.response.output
    assert reasoning.type == "reasoning"
    assert reasoning.content is not None
    assert reasoning.content[0].text == "It is simple."
    assert message.type == "message"
    assert last.response.output_text == "Yes"
    deltas = [event.delta for event in events if event.type == "response.reasoning_text.delta"]
    assert "".join(deltas) == "It is simple."


async def test_empty_reasoning_block_is_sent_back_with_the_output(page: Page) -> None:
    page.chat("<think>\n\n</think>\n\n", "Yes").chat("No")
    history: Any = [{"role": "user", "content": "Hello"}]
    async with sdk(page) as client:
        first = await client.responses.create(
            model="builtin", input=history, reasoning={"effort": "none"}
        )
        history += [*(item.model_dump() for item in first.output), history[0]]
        await client.responses.create(model="builtin", input=history)
    await page.body()
    messages = (await page.body())["messages"]
    assert messages[1] == {"role": "assistant", "content": "<think>\n\n</think>\n\nYes"}


async def test_tool_calls_are_items_with_their_arguments(page: Page) -> None:
    page.chat("Let me see. ", CALL[:40], CALL[40:] + "\n" + CALL)
    async with sdk(page) as client:
        events = await events_of(client, tools=[WEATHER])
    last = events[-1]
    assert last.type == "response.completed"
    kinds = [item.type for item in last.response.output]
    assert kinds == ["message", "function_call", "function_call"]
    done = [e for e in events if e.type == "response.function_call_arguments.done"]
    assert [event.arguments for event in done] == ['{"city": "Bonn"}'] * 2
    deltas = [e for e in events if e.type == "response.function_call_arguments.delta"]
    for event in done:
        arguments = "".join(d.delta for d in deltas if d.item_id == event.item_id)
        assert arguments == event.arguments


async def test_output_can_be_sent_back_with_the_result_of_a_tool(page: Page) -> None:
    page.chat(CALL).chat("It is warm.")
    async with sdk(page) as client:
        first = await client.responses.create(**ASK, tools=[WEATHER])
        (call,) = first.output
        assert call.type == "function_call"
        history: Any = [
            {"role": "user", "content": "Hello"},
            *(item.model_dump() for item in first.output),
            {"type": "function_call_output", "call_id": call.call_id, "output": "20 C"},
        ]
        second = await client.responses.create(model="builtin", input=history, tools=[WEATHER])
    assert second.output_text == "It is warm."
    await page.body()
    messages = (await page.body())["messages"]
    assert messages[-2]["content"] == CALL
    assert "20 C" in messages[-1]["content"]


async def test_truncated_response_is_incomplete(page: Page) -> None:
    page.chat("Good ", reason="length").chat("Good ", reason="length")
    async with sdk(page) as client:
        response = await client.responses.create(**ASK, max_output_tokens=1)
        events = await events_of(client, max_output_tokens=1)
    assert response.status == "incomplete"
    assert response.incomplete_details is not None
    assert response.incomplete_details.reason == "max_output_tokens"
    assert response.output[0].type == "message"
    assert response.output[0].status == "incomplete"
    assert events[-1].type == "response.incomplete"
    assert (await page.body())["max_tokens"] == 1


async def test_response_without_text_has_an_empty_message(page: Page) -> None:
    page.stream(piece(""), end(), usage())
    async with sdk(page) as client:
        response = await client.responses.create(**ASK)
    assert response.output[0].type == "message"
    assert response.output_text == ""


async def test_responses_parse_returns_an_instance_of_the_type(page: Page) -> None:
    page.chat('{"name": "Bonn"}')
    async with sdk(page) as client:
        response = await client.responses.parse(**ASK, text_format=City)
    assert response.output_parsed == City(name="Bonn")
    assert response.text is not None
    assert response.text.format is not None
    assert response.text.format.type == "json_schema"
    assert (await page.body())["response_format"]["type"] == "grammar"


async def test_stream_helper_of_the_sdk_assembles_the_response(page: Page) -> None:
    page.chat('{"name": ', '"Bonn"}')
    async with sdk(page) as client, client.responses.stream(**ASK, text_format=City) as stream:
        texts = [e.snapshot async for e in stream if e.type == "response.output_text.delta"]
        final = await stream.get_final_response()
    assert texts[-1] == '{"name": "Bonn"}'
    assert final.output_parsed == City(name="Bonn")


async def test_logprobs_are_returned_if_included(page: Page) -> None:
    def with_logprobs(text: str) -> dict[str, Any]:
        token = {"token": text, "logprob": -0.5, "bytes": None}
        return piece(text, logprobs={"content": [{**token, "top_logprobs": [token]}]})

    chunks = [with_logprobs("A"), with_logprobs("B"), end(), usage()]
    page.stream(*chunks).stream(*chunks)
    options: Any = {"include": ["message.output_text.logprobs"], "top_logprobs": 1}
    async with sdk(page) as client:
        response = await client.responses.create(**ASK, **options)
        events = await events_of(client, **options)
    Response.model_validate(response.model_dump(by_alias=True), strict=True)
    assert response.output[0].type == "message"
    part = response.output[0].content[0]
    assert part.type == "output_text"
    assert part.logprobs is not None
    assert [token.top_logprobs[0].token for token in part.logprobs] == ["A", "B"]
    deltas = [event for event in events if event.type == "response.output_text.delta"]
    assert [[token.token for token in delta.logprobs] for delta in deltas] == [["A"], ["B"]]


async def test_error_before_the_first_event_has_its_status(page: Page) -> None:
    page.fail(ContextWindowError("the prompt is too long"))
    page.fail(ContextWindowError("the prompt is too long"))
    async with sdk(page) as client:
        with pytest.raises(openai.BadRequestError) as caught:
            await client.responses.create(**ASK, stream=True)
        with pytest.raises(openai.BadRequestError):
            await client.responses.create(**ASK)
    assert caught.value.code == "context_length_exceeded"


async def test_error_in_the_middle_of_a_response_is_an_event_and_then_raised(page: Page) -> None:
    page.fail(DeviceLostError("the device is gone"), piece("Good "))
    events: list[ResponseStreamEvent] = []
    async with sdk(page) as client:
        stream = await client.responses.create(**ASK, stream=True)
        with pytest.raises(openai.APIError, match="the device is gone"):
            await read(stream, events)
    failed = events[-1]
    EVENT.validate_python(failed.model_dump(by_alias=True), strict=True)
    assert failed.type == "response.failed"
    assert failed.response.status == "failed"
    assert failed.response.error is not None
    assert failed.response.output_text == "Good "


async def test_error_in_the_middle_of_a_whole_response_has_its_status(page: Page) -> None:
    page.fail(DeviceLostError("the device is gone"), piece("Good "))
    async with sdk(page, max_retries=0) as client:
        with pytest.raises(openai.InternalServerError):
            await client.responses.create(**ASK)


async def test_response_repeats_the_parameters_of_the_request(page: Page) -> None:
    page.chat("Good day")
    given: Any = {
        "metadata": {"a": "b"},
        "max_output_tokens": 9,
        "temperature": 0.5,
        "top_p": 0.9,
        "parallel_tool_calls": False,
        "tools": [WEATHER],
        "tool_choice": "none",
        "user": "me",
    }
    async with sdk(page) as client:
        response = await client.responses.create(**ASK, **given, store=False)
    found = response.model_dump(by_alias=True, exclude_unset=True)
    assert {name: found[name] for name in given} == given
    assert found["store"] is False
