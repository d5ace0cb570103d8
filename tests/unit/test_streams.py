"""Reading an answer, to its end or not."""

from __future__ import annotations

import asyncio

import pytest
from pywebllm.errors import DeviceLostError, EngineError, WebLLMError
from pywebllm.streams import ChunkStream, TextStream
from pywebllm.values import Completion

from tests.unit.fakes import FakeStream, chunk, last_chunk

pytestmark = pytest.mark.timeout(20)


def whole() -> FakeStream:
    stream = FakeStream().push(chunk("A", "da"), chunk(".", finish_reason="stop"), last_chunk())
    stream.end()
    return stream


async def test_a_stream_gives_every_chunk_in_order_and_ends_in_the_whole() -> None:
    source = whole()
    stream = ChunkStream(lambda: source)
    assert [found.text async for found in stream] == ["A", "da", ".", ""]
    assert stream.final is not None
    assert (stream.final.text, stream.final.finish_reason) == ("Ada.", "stop")
    assert stream.final.usage is not None
    assert stream.final.usage.total_tokens == 5
    assert source.stops == 1


async def test_chunks_that_waited_cross_together() -> None:
    source = FakeStream().push(chunk(*"abc"))
    stream = ChunkStream(lambda: source)
    # One text for three chunks: after the first, nothing is awaited.
    assert [(await anext(stream)).text for _ in "abc"] == ["a", "b", "c"]
    assert not source.read.is_set()
    await stream.aclose()


async def test_the_request_is_made_at_the_first_read_only() -> None:
    opened: list[FakeStream] = []

    def start() -> FakeStream:
        opened.append(whole())
        return opened[-1]

    stream = ChunkStream(start)
    assert opened == []
    assert [found async for found in stream]
    assert [found async for found in stream] == []
    assert len(opened) == 1


async def test_a_stream_closed_before_the_first_read_never_makes_a_request() -> None:
    def start() -> FakeStream:
        raise AssertionError("the request was made")

    stream = ChunkStream(start)
    await stream.aclose()
    assert [found async for found in stream] == []
    assert stream.final is None


async def test_leaving_the_loop_by_break_stops_the_answer_at_once() -> None:
    source = FakeStream().push(chunk("A", "da"))
    async for _ in ChunkStream(lambda: source):
        break
    assert source.stops == 1


async def test_leaving_the_loop_by_an_error_stops_the_answer_at_once() -> None:
    source = FakeStream().push(chunk("A", "da"))

    async def read() -> None:
        async for _ in TextStream(ChunkStream(lambda: source)):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await read()
    assert source.stops == 1


async def test_leaving_a_context_stops_the_answer_though_the_stream_is_kept() -> None:
    source = FakeStream().push(chunk("A", "da"))
    async with TextStream(ChunkStream(lambda: source)) as stream:
        async for _ in stream:
            break
        assert source.stops == 0
    assert source.stops == 1
    assert stream.text == "A"
    assert stream.final is None
    assert stream.usage is None


async def test_a_closed_stream_gives_nothing_more_and_may_be_closed_again() -> None:
    source = FakeStream().push(chunk("A", "da"))
    stream = ChunkStream(lambda: source)
    await anext(stream)
    await stream.aclose()
    await stream.aclose()
    assert source.stops == 1
    assert [found async for found in stream] == []


async def test_cancelling_the_reader_stops_the_answer() -> None:
    source = FakeStream()
    stream = ChunkStream(lambda: source)
    task = asyncio.create_task(anext(stream))
    await source.read.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert source.stops == 1
    assert [found async for found in stream] == []


async def test_a_timeout_stops_the_answer() -> None:
    source = FakeStream()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await anext(ChunkStream(lambda: source))
    assert source.stops == 1


async def test_closing_from_another_task_ends_the_reader_without_a_final() -> None:
    source = FakeStream()
    stream = ChunkStream(lambda: source)

    async def read() -> list[str]:
        return [found.text async for found in stream]

    task = asyncio.create_task(read())
    await source.read.wait()
    await stream.aclose()
    assert await task == []
    assert stream.final is None


async def test_a_failure_ends_the_stream() -> None:
    source = FakeStream().push(chunk("A"))
    source.fail(DeviceLostError("gone"))
    stream = ChunkStream(lambda: source)
    assert (await anext(stream)).text == "A"
    with pytest.raises(DeviceLostError):
        await anext(stream)
    assert source.stops == 1
    assert [found async for found in stream] == []
    assert stream.final is None


async def test_a_text_that_cannot_be_read_stops_the_answer() -> None:
    source = FakeStream().push("{")
    stream = ChunkStream(lambda: source)
    with pytest.raises(EngineError):
        await anext(stream)
    assert source.stops == 1


async def test_a_second_reader_is_refused_and_the_first_goes_on() -> None:
    source = FakeStream()
    stream = ChunkStream(lambda: source)
    task = asyncio.create_task(anext(stream))
    await source.read.wait()
    with pytest.raises(RuntimeError, match="another task is reading"):
        await anext(stream)
    source.push(chunk("A"))
    assert (await task).text == "A"
    await stream.aclose()


async def test_text_leaves_out_empty_pieces_and_tells_its_end_once() -> None:
    ends: list[Completion] = []
    stream = TextStream(ChunkStream(whole), on_end=ends.append)
    assert [piece async for piece in stream] == ["A", "da", "."]
    assert [piece async for piece in stream] == []
    assert [end.text for end in ends] == ["Ada."]
    assert stream.usage is ends[0].usage


async def test_text_that_is_left_early_tells_no_end() -> None:
    ends: list[Completion] = []
    async for _ in TextStream(ChunkStream(whole), on_end=ends.append):
        break
    assert ends == []


async def test_text_tells_what_it_failed_with() -> None:
    source = FakeStream()
    source.fail(DeviceLostError("gone"))
    errors: list[WebLLMError] = []
    stream = TextStream(ChunkStream(lambda: source), on_error=errors.append)
    with pytest.raises(DeviceLostError) as caught:
        await anext(stream)
    assert errors == [caught.value]
