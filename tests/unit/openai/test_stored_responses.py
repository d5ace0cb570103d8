"""Responses that the page keeps, and conversations that are too long."""

from __future__ import annotations

from typing import Any

import openai
import pytest
from openai.types.responses import Response
from pywebllm.errors import ContextWindowError

from tests.unit.openai.page import Page, sdk

ASK: Any = {"model": "builtin", "input": "One?"}
WEATHER: Any = {"type": "function", "name": "weather", "parameters": {}, "strict": False}
CALL = '<tool_call>\n{"name": "weather", "arguments": {}}\n</tool_call>'


async def test_response_continues_an_earlier_one(page: Page) -> None:
    page.chat("Yes.").chat("No.").chat("Maybe.")
    async with sdk(page) as client:
        first = await client.responses.create(**ASK, instructions="Be brief.")
        assert first.store is True
        stream = await client.responses.create(
            model="builtin", input="Two?", previous_response_id=first.id, stream=True
        )
        second = [event async for event in stream][-1]
        assert second.type == "response.completed"
        assert second.response.previous_response_id == first.id
        await client.responses.create(
            model="builtin",
            input=[{"role": "user", "content": "Three?"}],
            previous_response_id=second.response.id,
        )
    for _ in range(3):
        messages = (await page.body())["messages"]
    assert [message["content"] for message in messages] == ["One?", "Yes.", "Two?", "No.", "Three?"]
    assert [message["role"] for message in messages] == [
        *("user", "assistant", "user", "assistant", "user"),
    ]


async def test_results_of_tools_continue_the_response_that_called_them(page: Page) -> None:
    page.chat(CALL).chat("Rain.")
    async with sdk(page) as client:
        first = await client.responses.create(**ASK, tools=[WEATHER])
        (call,) = first.output
        assert call.type == "function_call"
        result: Any = {"type": "function_call_output", "call_id": call.call_id, "output": "rain"}
        second = await client.responses.create(
            model="builtin", input=[result], previous_response_id=first.id, tools=[WEATHER]
        )
    assert second.output_text == "Rain."


async def test_stored_response_is_retrieved_and_deleted(page: Page) -> None:
    page.chat("Yes.")
    async with sdk(page) as client:
        made = await client.responses.create(**ASK)
        found = await client.responses.retrieve(made.id)
        # Its events are not kept.
        with pytest.raises(openai.BadRequestError, match="stream must be false") as refused:
            await client.responses.retrieve(made.id, stream=True)
        assert refused.value.param == "stream"
        Response.model_validate(found.model_dump(by_alias=True), strict=True)
        assert found.output == made.output
        await client.responses.delete(made.id)
        with pytest.raises(openai.NotFoundError) as caught:
            await client.responses.retrieve(made.id)
        assert caught.value.code == "response_not_found"


async def test_response_is_not_stored_against_the_request_or_when_it_fails(page: Page) -> None:
    page.chat("Yes.").fail(ContextWindowError("too long"))
    async with sdk(page) as client:
        made = await client.responses.create(**ASK, store=False)
        assert made.store is False
        with pytest.raises(openai.BadRequestError, match="stored response") as caught:
            await client.responses.create(**ASK, previous_response_id=made.id)
    assert caught.value.param == "previous_response_id"


async def test_latest_hundred_responses_are_kept(page: Page) -> None:
    async with sdk(page) as client:
        ids = []
        for _ in range(101):
            page.chat("Yes.")
            ids.append((await client.responses.create(**ASK)).id)
        assert (await client.responses.retrieve(ids[1])).id == ids[1]
        with pytest.raises(openai.NotFoundError):
            await client.responses.retrieve(ids[0])


@pytest.mark.parametrize("streams", [False, True])
async def test_truncation_leaves_out_the_oldest_turns(page: Page, streams: bool) -> None:
    too_long = ContextWindowError("too long")
    page.fail(too_long).fail(too_long).chat("Yes.")
    history: Any = [
        {"role": role, "content": text}
        for role, text in [("user", "1"), ("assistant", "2"), ("user", "3"), ("assistant", "4")]
    ]
    request: Any = {"model": "builtin", "input": [*history, {"role": "user", "content": "5"}]}
    more: Any = {"instructions": "Be brief.", "truncation": "auto", "stream": streams}
    async with sdk(page) as client:
        found = await client.responses.create(**request, **more)
        if streams:
            async for event in found:
                found = getattr(event, "response", None)
        assert found.output_text == "Yes."
        assert found.truncation == "auto"
    for expected in (["1", "2", "3", "4", "5"], ["3", "4", "5"], ["5"]):
        messages = (await page.body())["messages"]
        assert [message["content"] for message in messages] == ["Be brief.", *expected]


async def test_last_turn_that_is_too_long_is_an_error_even_with_truncation(page: Page) -> None:
    page.fail(ContextWindowError("too long"))
    async with sdk(page) as client:
        with pytest.raises(openai.BadRequestError) as caught:
            await client.responses.create(**ASK, truncation="auto")
    assert caught.value.code == "context_length_exceeded"


async def test_error_names_the_item_of_the_input(page: Page) -> None:
    items: Any = [
        {"role": "user", "content": "Hi"},
        {"type": "function_call_output", "call_id": "x", "output": "1"},
    ]
    async with sdk(page) as client:
        with pytest.raises(openai.BadRequestError, match=r"input\[1\]\.call_id must be") as caught:
            await client.responses.create(model="builtin", input=items, instructions="Be brief.")
    assert caught.value.param == "input[1].call_id"
