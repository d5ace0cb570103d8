"""The text of a chat's answer, as a stream of strings."""

from __future__ import annotations

import asyncio

import pytest
from pywebllm.chat.call import ChatCall
from pywebllm.chat.stream import ChatStream
from pywebllm.chat.text_stream import TextStream
from pywebllm.errors import DeviceLostError, WebLLMError
from pywebllm.types import ChatCompletion

from tests.unit.runners import FakeRunner, answer, piece

pytestmark = pytest.mark.timeout(20)

CALL = ChatCall(
    bodies=({"messages": []},),
    model=None,
    stream=True,
    include_usage=False,
    reads_tools=False,
    splits_reasoning=True,
)


def whole() -> ChatStream:
    return ChatStream(FakeRunner([answer("<think>Hm.</think>", "A", "", "da.")]), CALL)


async def test_text_stream_omits_empty_pieces_and_reasoning_and_calls_on_end_once() -> None:
    ends: list[ChatCompletion] = []
    stream = TextStream(whole(), on_end=ends.append)
    assert stream.usage is None
    assert [found async for found in stream] == ["A", "da."]
    assert [found async for found in stream] == []
    assert [(end.text, end.finish_reason) for end in ends] == [("Ada.", "stop")]
    assert stream.text == "Ada."
    assert stream.final is ends[0]
    assert stream.usage is ends[0].usage is not None


async def test_text_stream_left_early_stops_the_engine_without_calling_on_end() -> None:
    ends: list[ChatCompletion] = []
    runner = FakeRunner()
    stream = ChatStream(runner, CALL)
    runner.requests[0].push(piece("A"))
    text = TextStream(stream, on_end=ends.append)
    del stream
    async for _ in text:
        break
    assert runner.requests[0].stream.stops == 0
    del text
    assert runner.requests[0].stream.stops == 1
    assert ends == []


async def test_leaving_the_context_of_a_text_stream_stops_the_engine() -> None:
    runner = FakeRunner()
    async with TextStream(ChatStream(runner, CALL)) as stream:
        runner.requests[0].push(piece("A"))
        assert await anext(stream) == "A"
    assert runner.requests[0].stream.stops == 1
    assert (stream.text, stream.final, stream.usage) == ("A", None, None)


async def test_text_stream_calls_on_error_with_the_error() -> None:
    errors: list[WebLLMError] = []
    runner = FakeRunner()
    stream = TextStream(ChatStream(runner, CALL), on_error=errors.append)
    runner.requests[0].stream.fail(DeviceLostError("gone"))
    with pytest.raises(DeviceLostError) as caught:
        await anext(stream)
    assert errors == [caught.value]


async def test_text_stream_without_on_error_raises_the_error() -> None:
    runner = FakeRunner()
    stream = TextStream(ChatStream(runner, CALL))
    runner.requests[0].stream.fail(DeviceLostError("gone"))
    with pytest.raises(DeviceLostError):
        await anext(stream)


async def test_cancelling_a_text_stream_does_not_call_on_error() -> None:
    errors: list[WebLLMError] = []
    runner = FakeRunner()
    stream = TextStream(ChatStream(runner, CALL), on_error=errors.append)
    task = asyncio.create_task(anext(stream))
    await runner.requests[0].stream.read.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert errors == []
    assert runner.requests[0].stream.stops == 1
