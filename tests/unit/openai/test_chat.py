"""Chat completions through the official SDK, validated strictly by its own models."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import httpx2
import openai
import pydantic
import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from pywebllm.errors import ContextWindowError, DeviceLostError

from tests.unit.openai.page import Page, read, sdk
from tests.unit.runners import end, piece, usage

HELLO: Any = [{"role": "user", "content": "Hello"}]
WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
            "additionalProperties": False,
        },
        "strict": True,
    },
}
CALL = '<tool_call>\n{"name": "weather", "arguments": {"city": "Bonn"}}\n</tool_call>'


class City(pydantic.BaseModel):
    name: str


async def test_chat_answer_has_the_shape_of_the_reference(page: Page, library: ModuleType) -> None:
    page.chat("Good ", "day")
    async with sdk(page, library) as client:
        reply = await client.chat.completions.create(model="builtin", messages=HELLO)
    ChatCompletion.model_validate(reply.model_dump(), strict=True)
    assert reply.choices[0].message.content == "Good day"
    assert reply.choices[0].finish_reason == "stop"
    assert reply.usage is not None
    assert reply._request_id is not None


async def test_each_chat_chunk_has_the_shape_of_the_reference(
    page: Page, library: ModuleType
) -> None:
    page.chat("Good ", "day")
    async with sdk(page, library) as client:
        stream = await client.chat.completions.create(
            model="builtin", messages=HELLO, stream=True, stream_options={"include_usage": True}
        )
        chunks = [chunk async for chunk in stream]
    for chunk in chunks:
        ChatCompletionChunk.model_validate(chunk.model_dump(), strict=True)
    texts = [choice.delta.content or "" for chunk in chunks for choice in chunk.choices]
    assert "".join(texts) == "Good day"
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None


async def test_line_breaks_and_unusual_characters_survive_the_stream(page: Page) -> None:
    text = "a\n\nb\r\nc\u2028d\x85e\N{SNOWMAN}data: [DONE]"
    page.chat(text)
    async with sdk(page) as client:
        stream = await client.chat.completions.create(model="builtin", messages=HELLO, stream=True)
        texts = [chunk.choices[0].delta.content or "" async for chunk in stream]
    assert "".join(texts) == text


async def test_stream_helper_of_the_sdk_assembles_the_answer(page: Page) -> None:
    page.chat("Good ", "day")
    async with (
        sdk(page) as client,
        client.chat.completions.stream(model="builtin", messages=HELLO) as stream,
    ):
        kinds = {event.type async for event in stream}
        final = await stream.get_final_completion()
    assert {"chunk", "content.delta", "content.done"} <= kinds
    assert final.choices[0].message.content == "Good day"


async def test_parse_of_the_sdk_returns_an_instance_of_the_type(page: Page) -> None:
    page.chat('{"name": "Bonn"}')
    async with sdk(page) as client:
        reply = await client.chat.completions.parse(
            model="builtin", messages=HELLO, response_format=City
        )
    assert reply.choices[0].message.parsed == City(name="Bonn")
    assert (await page.body())["response_format"]["type"] == "grammar"


async def test_tool_call_is_returned_whole_and_streamed(page: Page) -> None:
    page.chat(CALL).chat(CALL[:30], CALL[30:])
    options: Any = {"model": "builtin", "messages": HELLO, "tools": [WEATHER]}
    async with sdk(page) as client:
        reply = await client.chat.completions.create(**options)
        async with client.chat.completions.stream(**options) as stream:
            streamed = await stream.get_final_completion()
    for choice in (reply.choices[0], streamed.choices[0]):
        assert choice.finish_reason == "tool_calls"
        assert choice.message.tool_calls is not None
        call = choice.message.tool_calls[0]
        assert isinstance(call, openai.types.chat.ChatCompletionMessageFunctionToolCall)
        assert call.function.arguments == '{"city": "Bonn"}'


async def test_unsupported_parameter_is_a_bad_request(page: Page) -> None:
    async with sdk(page) as client:
        with pytest.raises(openai.BadRequestError) as caught:
            await client.chat.completions.create(model="builtin", messages=HELLO, store=True)
    assert caught.value.param == "store"
    assert caught.value.type == "invalid_request_error"


async def test_prompt_that_is_too_long_is_a_bad_request_even_when_streaming(page: Page) -> None:
    page.fail(ContextWindowError("the prompt is too long"))
    async with sdk(page) as client:
        with pytest.raises(openai.BadRequestError) as caught:
            await client.chat.completions.create(model="builtin", messages=HELLO, stream=True)
    assert caught.value.code == "context_length_exceeded"


async def test_error_in_the_middle_of_a_stream_is_an_api_error(
    page: Page, library: ModuleType
) -> None:
    page.fail(DeviceLostError("the device is gone"), piece("Good "))
    async with sdk(page, library) as client:
        stream = await client.chat.completions.create(model="builtin", messages=HELLO, stream=True)
        chunks: list[ChatCompletionChunk] = []
        with pytest.raises(openai.APIError, match="the device is gone"):
            await read(stream, chunks)
    assert "Good " in [chunk.choices[0].delta.content for chunk in chunks]


async def test_request_is_retried_after_a_lost_device(page: Page) -> None:
    page.fail(DeviceLostError("the device is gone")).chat("Good day")
    async with sdk(page, max_retries=1) as client:
        reply = await client.chat.completions.create(model="builtin", messages=HELLO)
    assert reply.choices[0].message.content == "Good day"


async def test_extra_body_reaches_the_engine(page: Page) -> None:
    page.chat("Good day")
    async with sdk(page) as client:
        await client.chat.completions.create(
            model="builtin", messages=HELLO, extra_body={"enable_thinking": False}
        )
    assert (await page.body())["extra_body"] == {"enable_thinking": False}


async def test_several_choices_and_logprobs_have_the_shape_of_the_reference(page: Page) -> None:
    token = {"token": "A", "logprob": -0.5, "bytes": [65]}
    logprobs = {"content": [{**token, "top_logprobs": [token]}]}
    for _ in range(2):
        page.stream(piece("A", logprobs=logprobs), end("length"), usage())
    async with sdk(page) as client:
        reply = await client.chat.completions.create(
            model="builtin", messages=HELLO, n=2, logprobs=True, top_logprobs=1
        )
    ChatCompletion.model_validate(reply.model_dump(), strict=True)
    assert [choice.index for choice in reply.choices] == [0, 1]
    assert reply.choices[1].logprobs is not None


async def test_raw_response_is_an_event_stream(page: Page) -> None:
    page.chat("Good day")
    async with sdk(page) as client:
        raw = await client.chat.completions.with_raw_response.create(
            model="builtin", messages=HELLO, stream=True
        )
    assert raw.headers["content-type"].startswith("text/event-stream")
    assert isinstance(raw.http_response, httpx2.Response)
