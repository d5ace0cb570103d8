"""The stream of a chat's answer."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import openai.types.chat as sdk_chat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pywebllm.bridge import Stream
from pywebllm.chat.call import ChatCall
from pywebllm.chat.stream import ChatStream
from pywebllm.engine.streams import EngineStream
from pywebllm.errors import AbortedError, DeviceLostError, DisposedError, EngineError
from pywebllm.records import Model
from pywebllm.types import (
    ChatCompletion,
    ChatCompletionChunk,
    ChatCompletionMessage,
    Delta,
    PromptTokensDetails,
)
from pywebllm.wire import Kind

from tests.unit.runners import FakeRunner, answer, end, piece, usage

pytestmark = pytest.mark.timeout(20)

TOOL_CALL = '<tool_call>\n{"name": "weather", "arguments": {"city": "Rome"}}\n</tool_call>'


def call(
    *,
    n: int = 1,
    include_usage: bool = False,
    reads_tools: bool = False,
    splits_reasoning: bool = False,
    model: str | None = None,
) -> ChatCall:
    return ChatCall(
        bodies=tuple({"messages": [], "seed": seed} for seed in range(n)),
        model=model,
        stream=True,
        include_usage=include_usage,
        reads_tools=reads_tools,
        splits_reasoning=splits_reasoning,
    )


def chat(*answers: Sequence[dict[str, Any]], **options: Any) -> ChatStream:
    return ChatStream(FakeRunner(answers), call(n=len(answers), **options))


def opened(runner: FakeRunner) -> list[bool]:
    return [request.is_open for request in runner.requests]


class SlowRunner:
    """A runner whose model is never loaded."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()

    def stream(
        self, kind: Kind, body: Mapping[str, object], *, model: Model = None, loads: bool = True
    ) -> EngineStream:
        return EngineStream(self._load)

    async def _load(self, stream: EngineStream) -> Stream:
        self.asked.set()
        await asyncio.get_running_loop().create_future()
        raise AssertionError


async def deltas(stream: ChatStream) -> list[Delta]:
    return [choice.delta async for chunk in stream for choice in chunk.choices]


async def test_stream_yields_every_chunk_in_order_and_has_the_final_answer() -> None:
    stream = chat(answer("A", "da", "."))
    assert [chunk.text async for chunk in stream] == ["A", "da", ".", ""]
    assert stream.final is not None
    assert (stream.final.text, stream.final.finish_reason) == ("Ada.", "stop")
    assert stream.final.usage is not None
    assert stream.final.usage.total_tokens == 5


async def test_chunks_and_final_answer_share_id_model_and_time() -> None:
    stream = chat(answer("A"), answer("B"), include_usage=True)
    chunks = [chunk async for chunk in stream]
    assert stream.final is not None
    whole = stream.final
    shared = {(found.id, found.created, found.model) for found in chunks}
    shared.add((whole.id, whole.created, whole.model))
    ((identity, created, model),) = shared
    assert identity.startswith("chatcmpl-")
    assert created > 1_700_000_000
    assert model == "builtin"


async def test_two_streams_have_different_ids() -> None:
    first, second = await chat(answer("A")).read(), await chat(answer("A")).read()
    assert first.id != second.id


async def test_only_the_first_delta_of_each_choice_has_the_role() -> None:
    stream = chat(answer("A", "B"), answer("", "C"))
    assert await deltas(stream) == [
        Delta(role="assistant", content="A"),
        Delta(content="B"),
        Delta(),
        Delta(role="assistant", content="C"),
        Delta(),
    ]


async def test_empty_answer_has_a_role_and_a_finish_reason() -> None:
    stream = chat(answer())
    (found,) = [chunk async for chunk in stream]
    assert found.choices[0].delta == Delta(role="assistant")
    assert found.choices[0].finish_reason == "stop"
    assert stream.final is not None
    assert stream.final.choices[0].message.content == ""


async def test_finish_reason_has_a_last_chunk_of_its_own() -> None:
    chunks = [chunk async for chunk in chat(answer("A", reason="length"))]
    assert [chunk.choices[0].finish_reason for chunk in chunks] == [None, "length"]
    assert chunks[-1].choices[0].delta == Delta()


async def test_usage_has_a_chunk_only_on_request_but_is_always_in_the_final_answer() -> None:
    default, requested = chat(answer("A")), chat(answer("A"), include_usage=True)
    assert all(chunk.usage is None for chunk in [chunk async for chunk in default])
    *_, last = [chunk async for chunk in requested]
    assert last.choices == ()
    assert default.final is not None
    assert last.usage == default.final.usage is not None


async def test_choices_are_generated_one_after_another() -> None:
    runner = FakeRunner([answer("A"), answer("B", reason="length"), answer("C")])
    stream = ChatStream(runner, call(n=3))
    open_while_first = None
    async for chunk in stream:
        if chunk.text == "A":
            open_while_first = opened(runner)
    assert open_while_first == [True, False, False]
    assert stream.final is not None
    assert [choice.index for choice in stream.final.choices] == [0, 1, 2]
    assert [choice.message.content for choice in stream.final.choices] == ["A", "B", "C"]
    assert [choice.finish_reason for choice in stream.final.choices] == ["stop", "length", "stop"]
    assert [request.body["seed"] for request in runner.requests] == [0, 1, 2]


async def test_usage_of_several_choices_counts_the_prompt_once() -> None:
    first = [piece("A"), end(), usage(10, 2, cached_tokens=1)]
    second = [piece("B"), end(), usage(1, 3, cached_tokens=10)]
    final = await chat(first, second).read()
    assert final.usage is not None
    assert final.usage.prompt_tokens == 11
    assert final.usage.completion_tokens == 5
    assert final.usage.total_tokens == 16
    assert final.usage.prompt_tokens_details == PromptTokensDetails(cached_tokens=1)


async def test_stream_makes_the_request_of_its_call() -> None:
    runner = FakeRunner([answer("A")])
    await ChatStream(runner, call(model="m")).read()
    (request,) = runner.requests
    assert (request.kind, request.body, request.model) == (
        "chat.completions",
        {"messages": [], "seed": 0},
        "m",
    )


async def test_interrupted_answer_is_resumed_as_a_stream() -> None:
    runner = FakeRunner([answer("It was ", "dark.")])
    stream = ChatStream(runner, call(), kind="resume")
    assert (await stream.read()).text == "It was dark."
    assert runner.requests[0].kind == "resume"


async def test_reasoning_is_separated_from_the_content() -> None:
    text = "<think>\nHm, ", "well.\n</th", "ink>\n\nYes", "."
    stream = chat(answer(*text), splits_reasoning=True)
    found = await deltas(stream)
    assert "".join(delta.reasoning or "" for delta in found) == "Hm, well."
    assert "".join(delta.content or "" for delta in found) == "Yes."
    assert stream.final is not None
    message = stream.final.choices[0].message
    assert (message.reasoning, message.content) == ("Hm, well.", "Yes.")
    assert stream.text == "Yes."


@pytest.mark.parametrize(
    "parts", [["<think>\n\n</think>\n\nYes."], ["<think>", "\n", "</think>Yes."]]
)
async def test_empty_reasoning_block_is_not_none(parts: list[str]) -> None:
    final = await chat(answer(*parts), splits_reasoning=True).read()
    assert (final.choices[0].message.reasoning, final.text) == ("", "Yes.")
    final = await chat(answer("Yes."), splits_reasoning=True).read()
    assert final.choices[0].message.reasoning is None


async def test_reasoning_tags_stay_in_constrained_text() -> None:
    final = await chat(answer("<think>\nHm.\n</think>")).read()
    assert final.text == "<think>\nHm.\n</think>"


async def test_tool_calls_are_parsed_and_are_the_finish_reason() -> None:
    stream = chat(answer(TOOL_CALL[:30], TOOL_CALL[30:]), reads_tools=True)
    final = await stream.read()
    assert final.finish_reason == "tool_calls"
    message = final.choices[0].message
    assert message.content is None
    assert message.tool_calls is not None
    (found,) = message.tool_calls
    assert (found.function.name, found.function.arguments) == ("weather", '{"city": "Rome"}')
    assert found.id.startswith("call_")
    assert final.text == ""


async def test_each_tool_call_of_each_choice_has_a_unique_id() -> None:
    twice = answer(TOOL_CALL + "\n" + TOOL_CALL)
    final = await chat(twice, twice, reads_tools=True).read()
    calls = [call.id for choice in final.choices for call in choice.message.tool_calls or ()]
    assert len(set(calls)) == 4


async def test_reasoning_and_calls_are_parsed_separately_for_each_choice() -> None:
    thought = answer("<think>Hm.</think>Yes.")
    options = {"reads_tools": True, "splits_reasoning": True}
    final = await chat(thought, answer(TOOL_CALL), thought, **options).read()
    assert [choice.finish_reason for choice in final.choices] == ["stop", "tool_calls", "stop"]
    assert [choice.message.content for choice in final.choices] == ["Yes.", None, "Yes."]
    assert [choice.message.reasoning for choice in final.choices] == ["Hm.", None, "Hm."]


async def test_truncated_tool_call_has_the_finish_reason_length() -> None:
    final = await chat(answer(TOOL_CALL[:-20], reason="length"), reads_tools=True).read()
    assert final.finish_reason == "length"


async def test_answer_without_tool_calls_has_the_finish_reason_stop() -> None:
    final = await chat(answer("Hello."), reads_tools=True).read()
    assert final.finish_reason == "stop"
    assert final.choices[0].message.tool_calls is None


@pytest.mark.parametrize("held", ["<thin", "<tool"])
async def test_held_back_text_is_sent_before_the_finish_reason(held: str) -> None:
    stream = chat(answer(held), reads_tools=True, splits_reasoning=True)
    assert await deltas(stream) == [Delta(role="assistant", content=held), Delta()]


@pytest.mark.parametrize(
    ("text", "content"),
    [("<think", ""), ('<tool_call>\n{"', ""), ("Let me. <tool_call>", "Let me. "), ("a <", "a ")],
)
async def test_truncated_tag_is_not_content(text: str, content: str) -> None:
    stream = chat(answer(text, reason="length"), reads_tools=True, splits_reasoning=True)
    assert "".join([delta.content or "" for delta in await deltas(stream)]) == content
    assert stream.final is not None
    assert stream.final.finish_reason == "length"
    assert stream.final.choices[0].message == ChatCompletionMessage(content=content)


def logprobs_of(token: str) -> dict[str, object]:
    return {"content": [{"token": token, "logprob": -0.5, "bytes": None, "top_logprobs": []}]}


async def test_logprobs_of_held_back_text_are_not_lost() -> None:
    pieces = [piece(token, logprobs=logprobs_of(token)) for token in ("<th", "in", "g")]
    stream = chat([*pieces, end(), usage()], splits_reasoning=True)
    chunks = [chunk async for chunk in stream]
    assert [chunk.text for chunk in chunks] == ["", "", "<thing", ""]
    assert stream.final is not None
    logprobs = stream.final.choices[0].logprobs
    assert logprobs is not None
    assert [token.token for token in logprobs.content] == ["<th", "in", "g"]


async def test_empty_pieces_make_no_chunks() -> None:
    stream = chat(answer("", "A", "", "B", ""))
    assert await deltas(stream) == [
        Delta(role="assistant", content="A"),
        Delta(content="B"),
        Delta(),
    ]


async def test_request_is_made_by_open_or_by_the_first_read() -> None:
    runner = FakeRunner([answer("A"), answer("A")])
    stream = ChatStream(runner, call())
    assert opened(runner) == [False]
    await stream.open()
    await stream.open()
    assert opened(runner) == [True]
    assert (await stream.read()).text == "A"
    await stream.open()
    other = ChatStream(runner, call())
    await anext(other)
    assert opened(runner) == [True, True]


async def test_stream_closed_before_the_first_read_makes_no_request() -> None:
    runner = FakeRunner([answer("A")])
    stream = ChatStream(runner, call())
    await stream.aclose()
    await stream.open()
    assert [chunk async for chunk in stream] == []
    assert not runner.requests[0].is_open
    assert stream.final is None


async def test_breaking_out_of_the_loop_stops_the_engine_at_once() -> None:
    runner = FakeRunner()
    stream = ChatStream(runner, call(splits_reasoning=True, reads_tools=True))
    runner.requests[0].push(piece("A"), piece("da"))
    async for _ in stream:
        break
    assert runner.requests[0].stream.stops == 0
    gc.disable()  # no reference cycle: deleting the last name is enough
    try:
        gone = weakref.ref(stream)
        del stream
        assert gone() is None
        assert runner.requests[0].stream.stops == 1
    finally:
        gc.enable()


async def test_exception_in_the_loop_stops_the_engine_at_once() -> None:
    runner = FakeRunner()

    async def read() -> None:
        stream = ChatStream(runner, call())
        runner.requests[0].push(piece("A"), piece("da"))
        async with stream:
            async for _ in stream:
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await read()
    assert runner.requests[0].stream.stops == 1


async def test_leaving_the_context_stops_the_engine_while_the_stream_is_referenced() -> None:
    runner = FakeRunner()
    async with ChatStream(runner, call()) as stream:
        runner.requests[0].push(piece("A"), piece("da"))
        await anext(stream)
        assert runner.requests[0].stream.stops == 0
    assert runner.requests[0].stream.stops == 1
    assert stream.text == "A"
    assert stream.final is None
    assert [chunk async for chunk in stream] == []


async def test_closed_stream_may_be_closed_again() -> None:
    runner = FakeRunner()
    stream = ChatStream(runner, call())
    runner.requests[0].push(piece("A"))
    await anext(stream)
    stream.close()
    await stream.aclose()
    assert runner.requests[0].stream.stops == 1
    with pytest.raises(AbortedError):
        await stream.read()


async def test_closing_the_stream_drops_waiting_chunks() -> None:
    # The held back text and the finish reason arrive together.
    stream = chat(answer("<thin"), splits_reasoning=True)
    assert (await anext(stream)).text == "<thin"
    stream.close()
    assert [chunk async for chunk in stream] == []


async def test_closing_an_ended_stream_keeps_the_final_answer() -> None:
    async with chat(answer("A")) as stream:
        final = await stream.read()
    assert stream.final is final
    assert await stream.read() is final


async def test_cancelling_a_read_stops_the_engine() -> None:
    runner = FakeRunner()
    stream = ChatStream(runner, call())
    source = runner.requests[0].stream
    task = asyncio.create_task(anext(stream))
    await source.read.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert source.stops == 1
    assert [chunk async for chunk in stream] == []


async def test_asyncio_timeout_around_a_read_stops_the_engine() -> None:
    runner = FakeRunner()
    stream = ChatStream(runner, call())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await stream.read()
    assert runner.requests[0].stream.stops == 1


async def test_chunk_that_exceeds_the_timeout_stops_the_engine() -> None:
    runner = FakeRunner()
    stream = ChatStream(runner, call())
    runner.requests[0].push(piece("A"))
    assert (await anext(stream)).text == "A"
    stream.timeout = 0.01
    with pytest.raises(TimeoutError):
        await anext(stream)
    assert runner.requests[0].stream.stops == 1
    assert [chunk async for chunk in stream] == []


async def test_timeout_that_is_not_reached_has_no_effect() -> None:
    stream = chat(answer("A", "B"))
    stream.timeout = 60
    assert (await stream.read()).text == "AB"


async def test_cancelling_during_the_second_choice_makes_no_third_request() -> None:
    runner = FakeRunner([answer("A")])
    stream = ChatStream(runner, call(n=3))
    task = asyncio.create_task(stream.read())
    await runner.requests[1].stream.read.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert opened(runner) == [True, True, False]
    assert runner.requests[1].stream.stops == 1
    assert stream.text == "A"


async def test_closing_from_another_task_ends_the_read_without_a_final_answer() -> None:
    runner = FakeRunner()
    stream = ChatStream(runner, call())

    async def read() -> list[ChatCompletionChunk]:
        return [chunk async for chunk in stream]

    task = asyncio.create_task(read())
    await runner.requests[0].stream.read.wait()
    await stream.aclose()
    assert await task == []
    assert stream.final is None


async def test_second_concurrent_read_is_refused_and_the_first_continues() -> None:
    runner = FakeRunner()
    stream = ChatStream(runner, call())
    task = asyncio.create_task(anext(stream))
    await runner.requests[0].stream.read.wait()
    for second in (stream.__anext__, stream.open):
        with pytest.raises(RuntimeError, match="another task is reading"):
            await second()
    runner.requests[0].push(piece("A"))
    assert (await task).text == "A"
    await stream.aclose()


async def test_engine_error_ends_the_stream() -> None:
    runner = FakeRunner()
    stream = ChatStream(runner, call(n=2))
    runner.requests[0].push(piece("A")).stream.fail(DeviceLostError("gone"))
    assert (await anext(stream)).text == "A"
    with pytest.raises(DeviceLostError):
        await anext(stream)
    assert [chunk async for chunk in stream] == []
    assert stream.final is None
    assert not runner.requests[1].is_open


async def test_request_that_cannot_be_made_ends_the_stream() -> None:
    runner = FakeRunner()
    stream = ChatStream(runner, call(n=2))
    runner.requests[0].failure = DisposedError("the engine was disposed")
    with pytest.raises(DisposedError):
        await stream.open()
    assert [chunk async for chunk in stream] == []
    assert not runner.requests[1].is_open


async def test_cancelling_open_ends_the_stream() -> None:
    runner = SlowRunner()
    stream = ChatStream(runner, call())
    task = asyncio.create_task(stream.open())
    await runner.asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [chunk async for chunk in stream] == []


async def test_answer_aborted_in_the_engine_is_an_error() -> None:
    stream = chat([piece("A"), end("abort"), usage()])
    with pytest.raises(AbortedError, match="was stopped while it generated"):
        await stream.read()
    assert stream.text == "A"


@pytest.mark.parametrize(
    "chunks",
    [[piece("A"), usage()], [piece("A"), end()], [], [{"choices": "none"}]],
    ids=["no reason", "no usage", "nothing", "no chunk"],
)
async def test_incomplete_answer_is_an_error(chunks: list[dict[str, Any]]) -> None:
    with pytest.raises(EngineError):
        await chat(chunks).read()


@pytest.mark.parametrize("last", [end(), usage()], ids=["no usage", "no reason"])
async def test_incomplete_second_choice_is_an_error(last: dict[str, Any]) -> None:
    with pytest.raises(EngineError, match="ended an answer"):
        await chat(answer("A"), [piece("B"), last]).read()


TEXTS = st.lists(
    st.sampled_from(
        ["<think>", "\n", "Hm", "</think>", "\n\n", "Yes. ", TOOL_CALL, "<tool", "é😀", " "]
    ),
    max_size=6,
).map("".join)


def cut(text: str, places: list[int]) -> list[str]:
    bounds = [0, *sorted(place % (len(text) + 1) for place in places), len(text)]
    return [text[a:b] for a, b in pairwise(bounds)]


def without_ids(final: ChatCompletion) -> dict[str, Any]:
    dumped = final.to_dict()
    for choice in dumped["choices"]:
        for found in choice["message"].get("tool_calls", ()):
            del found["id"]
    return {"choices": dumped["choices"], "usage": dumped["usage"]}


def added_up(chunks: list[ChatCompletionChunk]) -> tuple[str, str, str]:
    found = [choice.delta for chunk in chunks for choice in chunk.choices]
    calls = [call.function for delta in found for call in delta.tool_calls or ()]
    return (
        "".join(delta.content or "" for delta in found),
        "".join(delta.reasoning or "" for delta in found),
        "".join((call.name or "") + (call.arguments or "") for call in calls),
    )


@given(
    text=TEXTS,
    places=st.lists(st.integers(0, 200), max_size=6),
    reads_tools=st.booleans(),
    splits_reasoning=st.booleans(),
    reason=st.sampled_from(["stop", "length"]),
)
async def test_chunks_add_up_to_the_same_answer_however_the_text_is_split(
    text: str, places: list[int], reads_tools: bool, splits_reasoning: bool, reason: str
) -> None:
    options = {"reads_tools": reads_tools, "splits_reasoning": splits_reasoning}
    whole = await chat(answer(text, reason=reason), **options).read()
    stream = chat(answer(*cut(text, places), reason=reason), include_usage=True, **options)
    chunks = [chunk async for chunk in stream]
    assert stream.final is not None
    assert without_ids(stream.final) == without_ids(whole)
    message = whole.choices[0].message
    calls = [call.function for call in message.tool_calls or ()]
    assert added_up(chunks) == (
        message.content or "",
        message.reasoning or "",
        "".join(call.name + call.arguments for call in calls),
    )
    sdk_chat.ChatCompletion.model_validate(stream.final.to_dict(), strict=True)
    for chunk in chunks:
        sdk_chat.ChatCompletionChunk.model_validate(chunk.to_dict(), strict=True)
