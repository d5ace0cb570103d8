"""Events as the bytes of a body, and the end of a body."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import Mapping
from typing import Any

import pytest
from pywebllm.errors import DeviceLostError, WebLLMError
from pywebllm.openai.errors import error_object
from pywebllm.openai.sse import DONE, EventBody


class Answer:
    """The events of a test; after them the answer ends, fails or waits."""

    def __init__(self, *events: Mapping[str, Any], end: WebLLMError | str = "end") -> None:
        self._events = list(events)
        self._end = end
        self.waiting = asyncio.Event()
        self.closed = asyncio.Event()

    async def __anext__(self) -> Mapping[str, Any]:
        if self._events:
            return self._events.pop(0)
        if isinstance(self._end, WebLLMError):
            raise self._end
        if self._end == "wait":
            self.waiting.set()
            await self.closed.wait()
        raise StopAsyncIteration

    def close(self) -> None:
        self.closed.set()


def body(answer: Answer, *, named: bool = False, last: bytes = DONE) -> EventBody:
    return EventBody(answer, on_error=error_object, named=named, last=last)


async def test_each_event_is_a_data_line_and_a_blank_line() -> None:
    read = [piece async for piece in body(Answer({"a": 1}, {"b": 2}))]
    assert read == [b'data: {"a":1}\n\n', b'data: {"b":2}\n\n', b"data: [DONE]\n\n"]


async def test_event_may_be_named_by_its_type() -> None:
    read = [piece async for piece in body(Answer({"type": "x"}), named=True, last=b"")]
    assert read == [b'event: x\ndata: {"type":"x"}\n\n']


@pytest.mark.parametrize("text", ["a\nb", "a\r\n\r\nb", "a\u2028b\x85c\x0bd", "\ud83d", "ä☃🙂"])
async def test_data_of_an_event_stays_on_one_line(text: str) -> None:
    (read,) = [piece async for piece in body(Answer({"t": text}), last=b"")]
    line, *rest = read.decode().splitlines()
    assert rest == [""]
    assert json.loads(line.removeprefix("data: ")) == {"t": text}


async def test_error_is_the_last_event_without_a_done_marker() -> None:
    answer = Answer({"a": 1}, end=DeviceLostError("gone"))
    read = [piece async for piece in body(answer)]
    assert json.loads(read[-1].removeprefix(b"data: "))["error"]["code"] == "device_lost"
    assert answer.closed.is_set()


async def test_error_before_the_first_event_is_raised_by_open() -> None:
    answer = Answer(end=DeviceLostError("gone"))
    with pytest.raises(DeviceLostError):
        await body(answer).open()
    assert answer.closed.is_set()


async def test_opened_body_returns_its_first_event_once() -> None:
    opened = body(Answer({"a": 1}))
    await opened.open()
    assert [piece async for piece in opened] == [b'data: {"a":1}\n\n', DONE]


async def test_body_without_events_ends_normally() -> None:
    for last, expected in ((DONE, [DONE]), (b"", [])):
        opened = body(Answer(), last=last)
        await opened.open()
        assert [piece async for piece in opened] == expected


async def test_closing_a_body_ends_a_pending_read() -> None:
    answer = Answer(end="wait")
    pending = body(answer)
    reading = asyncio.create_task(anext(pending, b"over"))
    await answer.waiting.wait()
    pending.close()
    pending.close()
    assert await reading == b"over"
    assert [piece async for piece in pending] == []


async def test_cancelling_open_stops_the_answer() -> None:
    answer = Answer(end="wait")
    opening = asyncio.create_task(body(answer).open())
    await answer.waiting.wait()
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    assert answer.closed.is_set()


async def test_dropping_the_body_stops_the_answer_at_once() -> None:
    answer = Answer({"a": 1}, {"b": 2})
    dropped = body(answer)
    await anext(dropped)
    gc.disable()
    try:
        del dropped
        assert answer.closed.is_set()
    finally:
        gc.enable()
