"""`AsyncWebLLM` through the whole stack, with a bridge that answers as WebLLM does."""

from __future__ import annotations

import asyncio
import functools
import gc
import json
import math
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, TypedDict

import pytest
from pydantic import BaseModel, Field, field_validator
from pywebllm.browser import check_support, open_bridge
from pywebllm.builtin import BUILTIN_MODEL
from pywebllm.client import AsyncWebLLM
from pywebllm.errors import (
    DisposedError,
    InvalidRequestError,
    ModelNotFoundError,
    ParseError,
    RequestTimeoutError,
    SupportError,
    TruncatedError,
)
from pywebllm.records import ModelRecord
from pywebllm.values import LoadProgress

from tests.unit.answering import AnsweringBridge, text_written, written
from tests.unit.fakes import FakeBridge, FakeStream, chunk

pytestmark = pytest.mark.timeout(20)

HELLO = [{"role": "user", "content": "Hello"}]


class Bench:
    """A client over bridges that answer at once, one for each loaded model."""

    def __init__(
        self,
        *answers: tuple[str, ...],
        replies: dict[str, object] | None = None,
        **options: Any,
    ) -> None:
        self.bridges: list[AnsweringBridge] = []
        self._answers = answers
        self._replies = replies
        self.llm = AsyncWebLLM(bridge=self.open, **options)

    @property
    def bridge(self) -> AnsweringBridge:
        return self.bridges[-1]

    async def open(self) -> AnsweringBridge:
        self.bridges.append(AnsweringBridge(*self._answers, replies=self._replies))
        return self.bridge


@dataclass
class Person:
    name: str
    age: int


class City(TypedDict):
    name: str
    people: int


class Meal(BaseModel):
    name: str = Field(max_length=20)
    calories: int

    @field_validator("calories")
    @classmethod
    def check(cls, value: int) -> int:
        if value < 0:
            raise ValueError("food gives energy")
        return value


async def test_load_create_and_stream_work_together() -> None:
    bench = Bench(written("Hello", " you."), written("Once", " more."))
    reported: list[LoadProgress] = []
    async with bench.llm as llm:
        await llm.load(on_progress=reported.append)
        reply = await llm.chat.completions.create(
            messages=HELLO, temperature=0.7, max_tokens=200, seed=1
        )
        assert (reply.text, reply.finish_reason) == ("Hello you.", "stop")
        pieces = []
        async with await llm.chat.completions.create(messages=HELLO, stream=True) as stream:
            async for piece in stream:
                pieces.append(piece.text)
        final = stream.final
    assert "".join(pieces) == "Once more."
    assert final is not None
    assert (final.text, final.finish_reason) == ("Once more.", "stop")
    assert final.usage is not None
    assert final.usage.decode_tokens_per_second == 20.0
    assert final.usage.time_to_first_token == 0.5
    assert reported[-1].ratio == 1.0
    assert bench.bridge.disposals == 1


async def test_first_request_loads_the_model() -> None:
    bench = Bench(written("Hello."))
    llm = bench.llm
    assert not llm.is_loaded()
    await llm.chat.completions.create(messages=HELLO)
    assert llm.is_loaded()
    assert len(bench.bridge.loaded) == 1
    await llm.close()


async def test_webllm_gets_the_given_parameters_and_no_others() -> None:
    bench = Bench(written("Hello."))
    async with bench.llm as llm:
        await llm.chat.completions.create(
            messages=HELLO,
            temperature=0,
            top_p=0.5,
            max_tokens=5,
            seed=3,
            stop=["\n"],
            user="ada",
            timeout=5,
            presence_penalty=None,
            extra_body={"repetition_penalty": 1.5, "enable_thinking": False},
        )
    body = bench.bridge.bodies[0]
    sent = {name: body[name] for name in ("temperature", "top_p", "max_tokens", "seed", "stop")}
    assert sent == {"temperature": 0, "top_p": 0.5, "max_tokens": 5, "seed": 3, "stop": ["\n"]}
    assert body["repetition_penalty"] == 1.5
    assert body["extra_body"]["enable_thinking"] is False
    assert not {"user", "timeout", "presence_penalty"} & set(body)


async def test_unsupported_parameter_is_an_error_and_not_sent() -> None:
    bench = Bench()
    with pytest.raises(InvalidRequestError) as caught:
        await bench.llm.chat.completions.create(messages=HELLO, verbosity="low")  # type: ignore[call-overload]
    assert caught.value.param == "verbosity"
    assert bench.bridges == []


async def test_tools_of_create_may_be_functions() -> None:
    def warmth(city: str) -> str:
        """Return how warm it is in a city."""
        return "21"

    bench = Bench(written("No idea."))
    async with bench.llm as llm:
        reply = await llm.chat.completions.create(messages=HELLO, tools=[warmth])
    assert reply.choices[0].message.tool_calls is None
    system = bench.bridge.bodies[0]["messages"][0]
    assert system["role"] == "system"
    assert "Return how warm it is in a city." in system["content"]


async def test_message_of_an_answer_can_be_sent_in_the_next_request() -> None:
    bench = Bench(written("Hello."), written("Again."))
    async with bench.llm as llm:
        reply = await llm.chat.completions.create(messages=HELLO)
        await llm.chat.completions.create(messages=[*HELLO, reply.choices[0].message, *HELLO])
    first, second = (body["messages"] for body in bench.bridge.bodies)
    assert second == [*first, {"role": "assistant", "content": "Hello."}, *HELLO]


class Waiting:
    """A client whose requests wait until the test answers them."""

    def __init__(self) -> None:
        self.bridge = AnsweringBridge()
        self.llm = AsyncWebLLM(bridge=self.open)

    async def open(self) -> AnsweringBridge:
        return self.bridge

    async def reading(self) -> FakeStream:
        stream = await self.bridge.generations.get()
        await stream.read.wait()
        return stream

    async def next_request_works(self) -> bool:
        self.bridge.answers.append(written("Next."))
        reply = await self.llm.chat.completions.create(messages=HELLO)
        return reply.text == "Next."


@pytest.fixture
async def waiting() -> AsyncIterator[Waiting]:
    bench = Waiting()
    yield bench
    await bench.llm.close()


async def test_cancelling_a_request_stops_the_engine(waiting: Waiting) -> None:
    task = asyncio.create_task(waiting.llm.chat.completions.create(messages=HELLO))
    stream = await waiting.reading()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert stream.stops
    assert await waiting.next_request_works()


async def test_timeout_stops_the_engine(waiting: Waiting) -> None:
    with pytest.raises(RequestTimeoutError, match=r"no answer within 0\.001 seconds") as caught:
        await waiting.llm.chat.completions.create(messages=HELLO, timeout=0.001)
    assert isinstance(caught.value, TimeoutError)
    assert all(stream.stops for stream in waiting.bridge.streams)
    assert await waiting.next_request_works()


async def test_timeout_of_the_client_applies_to_requests_without_one() -> None:
    bench = Bench(timeout=0.001)
    with pytest.raises(RequestTimeoutError):
        await bench.llm.completions.create(prompt="Once")
    with pytest.raises(RequestTimeoutError):
        await bench.llm.embeddings.create(input="Once")
    await bench.llm.close()


async def test_timeout_of_a_load_stops_it_and_it_can_be_tried_again() -> None:
    bridge = FakeBridge()

    async def opened() -> FakeBridge:
        return bridge

    async with AsyncWebLLM(bridge=opened) as llm:
        with pytest.raises(RequestTimeoutError, match=r"not loaded within 0\.01 seconds"):
            await llm.load(timeout=0.01)
        assert (await bridge.loads.get()).stops
        again = asyncio.create_task(llm.load(timeout=15))
        (await bridge.loads.get()).end()
        await again
        assert llm.is_loaded()


@pytest.mark.parametrize(
    ("given", "sent"), [(None, 0), (math.inf, 0), (10**400, 0), (5, 5), (0.5, 0.5)]
)
async def test_stall_timeout_reaches_the_bridge(given: float | None, sent: float) -> None:
    assert await stall_timeout_sent(stall_timeout=given) == sent


async def test_load_without_progress_is_limited_by_default() -> None:
    assert await stall_timeout_sent() == 60


async def stall_timeout_sent(**options: Any) -> float:
    bridge = FakeBridge()

    async def opened() -> FakeBridge:
        return bridge

    async with AsyncWebLLM(bridge=opened, **options) as llm:
        loading = asyncio.create_task(llm.load())
        stream = await bridge.loads.get()
        stream.end()
        await loading
    found: float = json.loads(stream.request)["stall_timeout"]
    return found


@pytest.mark.parametrize("seconds", [0, -1, "60", True, math.nan])
def test_stall_timeout_must_be_positive(seconds: Any) -> None:
    with pytest.raises(InvalidRequestError, match="stall_timeout must be a number of seconds"):
        AsyncWebLLM(stall_timeout=seconds)


async def test_timeout_of_a_stream_applies_to_each_chunk(waiting: Waiting) -> None:
    chat = waiting.llm.chat.completions
    stream = await chat.create(messages=HELLO, stream=True, timeout=15)
    assert stream.timeout == 15
    engine = await waiting.bridge.generations.get()
    engine.push(chunk("One"))
    assert (await anext(stream)).text == "One"
    stream.timeout = 0.001
    with pytest.raises(RequestTimeoutError):
        await anext(stream)
    assert engine.stops
    assert stream.text == "One"
    assert await waiting.next_request_works()


async def test_asyncio_timeout_raises_the_builtin_error(waiting: Waiting) -> None:
    with pytest.raises(TimeoutError) as caught:
        async with asyncio.timeout(0.001):
            await waiting.llm.chat.completions.create(messages=HELLO, timeout=15)
    assert type(caught.value) is TimeoutError
    assert await waiting.next_request_works()


async def test_timeout_of_a_stream_applies_to_making_the_request() -> None:
    bridge = FakeBridge()

    async def opened() -> FakeBridge:
        return bridge

    async with AsyncWebLLM(bridge=opened) as llm:
        with pytest.raises(TimeoutError):
            await llm.chat.completions.create(messages=HELLO, stream=True, timeout=0.001)
        asking = llm.chat.completions.create(messages=HELLO, stream=True)
        again = asyncio.create_task(asking)
        while (load := await bridge.loads.get()).stops:
            pass  # the load that was stopped
        load.end()
        await again


async def test_cancelled_queued_request_does_not_affect_the_others(waiting: Waiting) -> None:
    chat = waiting.llm.chat.completions
    running = asyncio.create_task(chat.create(messages=HELLO))
    first = await waiting.reading()
    queued = asyncio.create_task(chat.create(messages=HELLO))
    second = await waiting.reading()
    queued.cancel()
    with pytest.raises(asyncio.CancelledError):
        await queued
    assert (bool(first.stops), bool(second.stops)) == (False, True)
    first.push(*written("Hello.")).end()
    assert (await running).text == "Hello."


async def test_timeout_of_the_client_applies_to_streams_without_one() -> None:
    bench = Bench(*[written("Hello.")] * 3, timeout=15, replies=REPLIES)
    async with bench.llm as llm:
        stream = await llm.chat.completions.create(messages=HELLO, stream=True)
        assert stream.timeout == 15
        endless = await llm.chat.completions.create(messages=HELLO, stream=True, timeout=math.inf)
        assert endless.timeout is None
        assert (await llm.sessions.resume("s")).timeout == 15


async def test_break_stops_the_engine(waiting: Waiting) -> None:
    async for _ in await _streaming(waiting):
        break
    gc.collect()
    assert (await waiting.bridge.generations.get()).stops
    assert await waiting.next_request_works()


async def test_leaving_the_block_stops_the_engine(waiting: Waiting) -> None:
    async with await _streaming(waiting) as stream:
        await anext(stream)
    assert (await waiting.bridge.generations.get()).stops
    assert await waiting.next_request_works()


async def test_dropping_the_stream_stops_the_engine(waiting: Waiting) -> None:
    stream = await _streaming(waiting)
    await anext(stream)
    del stream
    gc.collect()
    assert (await waiting.bridge.generations.get()).stops
    assert await waiting.next_request_works()


async def _streaming(waiting: Waiting) -> Any:
    waiting.bridge.answers.append((chunk("One"), chunk("Two")))
    return await waiting.llm.chat.completions.create(messages=HELLO, stream=True)


async def test_close_ends_running_requests(waiting: Waiting) -> None:
    task = asyncio.create_task(waiting.llm.chat.completions.create(messages=HELLO))
    await waiting.reading()
    closing = asyncio.create_task(waiting.llm.close())
    with pytest.raises(DisposedError):
        await task
    await closing
    assert not waiting.llm.is_loaded()


async def test_typed_answer_is_a_value_of_the_type() -> None:
    bench = Bench(
        written('{"name": "Ada", ', '"age": 36}'),
        written('{"name": "Rome", "people": 3}'),
        written('{"name": "Soup", "calories": 80}'),
        written("[1, 2]"),
    )
    async with bench.llm as llm:
        parse = llm.chat.completions.parse
        person = await parse(messages=HELLO, response_format=Person)
        city = await parse(messages=HELLO, response_format=City)
        meal = await parse(messages=HELLO, response_format=Meal)
        numbers = await parse(messages=HELLO, response_format=list[int])
    assert person.parsed == Person(name="Ada", age=36)
    assert person.choices[0].message.parsed is person.parsed
    assert person.choices[0].message.content == person.text
    assert person.text == '{"name": "Ada", "age": 36}'
    assert person.usage is not None
    assert city.parsed["people"] == 3
    assert meal.parsed == Meal(name="Soup", calories=80)
    assert numbers.parsed == [1, 2]
    kinds = [body["response_format"]["type"] for body in bench.bridge.bodies]
    assert kinds == ["grammar"] * 4
    assert bench.bridge.bodies[0]["messages"] == HELLO


async def test_truncated_typed_answer_is_a_truncated_error() -> None:
    bench = Bench(written('{"name": "A', finish_reason="length"))
    async with bench.llm as llm:
        with pytest.raises(TruncatedError, match="was truncated") as caught:
            await llm.chat.completions.parse(messages=HELLO, response_format=Person)
    assert caught.value.text == '{"name": "A'


async def test_typed_answer_that_fails_validation_is_a_parse_error_with_the_reason() -> None:
    text = '{"name": "Air", "calories": -1}'
    bench = Bench(written(text))
    async with bench.llm as llm:
        with pytest.raises(ParseError, match="food gives energy") as caught:
            await llm.chat.completions.parse(messages=HELLO, response_format=Meal)
    assert caught.value.text == text


async def test_typed_answers_reject_n_above_1() -> None:
    llm = Bench().llm
    with pytest.raises(InvalidRequestError, match="n must be 1") as caught:
        await llm.chat.completions.parse(messages=HELLO, response_format=Person, n=2)  # type: ignore[call-overload]
    assert caught.value.param == "n"
    with pytest.raises(InvalidRequestError, match="n must be 1"):
        await llm.chat.completions.run_tools(messages=HELLO, tools=[], extra_body={"n": 2})


@pytest.mark.parametrize(
    "given",
    [
        {"stream": True},
        {"stop": "x"},
        {"tools": []},
        {"tool_choice": "auto"},
        {"extra_body": {"response_format": {"type": "text"}}},
        {"extra_body": {"ignore_eos": True}},
    ],
)
async def test_parse_rejects_unsupported_parameters_by_name(given: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        await Bench().llm.chat.completions.parse(messages=HELLO, response_format=Person, **given)
    assert caught.value.param == next(iter(given.get("extra_body", given)))


async def test_stream_is_a_keyword_argument_and_no_key_of_the_extra_body() -> None:
    llm = Bench().llm
    with pytest.raises(InvalidRequestError, match="Pass it as a keyword") as caught:
        await llm.chat.completions.create(messages=HELLO, extra_body={"stream": True})
    assert caught.value.param == "stream"
    with pytest.raises(InvalidRequestError, match="Pass it as a keyword"):
        await llm.completions.create(prompt="Hello", extra_body={"stream": True})


@pytest.mark.parametrize("given", [{"stream": True}, {"extra_body": {"tools": []}}])
async def test_run_tools_rejects_unsupported_parameters_by_name(given: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        await Bench().llm.chat.completions.run_tools(messages=HELLO, tools=[], **given)
    assert caught.value.param == next(iter(given.get("extra_body", given)))


async def test_any_exception_of_a_type_is_a_parse_error() -> None:
    @dataclass
    class Fussy:
        name: str

        def __post_init__(self) -> None:
            raise KeyError(self.name)

    bench = Bench(written('{"name": "Ada"}'))
    async with bench.llm as llm:
        with pytest.raises(ParseError, match="KeyError: 'Ada'") as caught:
            await llm.chat.completions.parse(messages=HELLO, response_format=Fussy)
    assert caught.value.text == '{"name": "Ada"}'
    assert isinstance(caught.value.__cause__, KeyError)


async def test_tools_are_called_until_the_model_answers() -> None:
    def warmth(city: str) -> int:
        """Return how warm it is in a city, in degrees."""
        return 21 if city == "Rome" else 0

    call = '<tool_call>\n{"name": "warmth", "arguments": {"city": "Rome"}}\n</tool_call>'
    bench = Bench(written(call), written("It is 21 degrees."))
    async with bench.llm as llm:
        run = await llm.chat.completions.run_tools(
            messages=HELLO, tools=[warmth], tool_choice="required"
        )
    assert (run.text, run.rounds) == ("It is 21 degrees.", 2)
    assert [type(message).__name__ for message in run.messages] == [
        "dict",
        "ChatCompletionMessage",
        "dict",
        "ChatCompletionMessage",
    ]
    first, second = (body["messages"] for body in bench.bridge.bodies)
    assert second[: len(first)] == first
    assert second[len(first)] == {"role": "assistant", "content": call}
    assert "21" in second[-1]["content"]
    forced, free = (json.dumps(body["response_format"]) for body in bench.bridge.bodies)
    assert "at_least_one" in forced
    assert forced != free


async def test_missing_messages_are_an_error() -> None:
    llm = Bench().llm
    for request in (
        llm.chat.completions.create(),  # type: ignore[call-overload]
        llm.chat.completions.run_tools(tools=[]),  # type: ignore[call-arg]
    ):
        with pytest.raises(InvalidRequestError) as caught:
            await request
        assert caught.value.param == "messages"


async def test_several_models_are_loaded_at_once() -> None:
    record = ModelRecord(model_id="mine", model="mine/", model_lib="mine.wasm")
    bench = Bench(written("Hello."), records=[record], max_models=2)
    async with bench.llm as llm:
        await llm.chat.completions.create(messages=HELLO)
        await llm.chat.completions.create(messages=HELLO, model="mine")
        assert llm.is_loaded(), "the first stays loaded"
        assert llm.is_loaded(BUILTIN_MODEL)
        assert llm.is_loaded("mine")
        assert llm.is_loaded(record)
        assert not llm.is_loaded("another")
        assert bench.bridge.located == [record]
        await llm.unload("mine")
        assert (llm.is_loaded(), llm.is_loaded("mine")) == (True, False)


async def test_model_of_the_client_is_the_default_of_requests() -> None:
    bench = Bench(written("Hello."), model="Qwen3-0.6B-q4f16_1-MLC")
    async with bench.llm as llm:
        await llm.chat.completions.create(messages=HELLO)
        assert bench.bridge.loaded == ["Qwen3-0.6B-q4f16_1-MLC"]
        assert llm.is_loaded()
        assert not llm.is_loaded(BUILTIN_MODEL)


REPLIES: dict[str, object] = {
    "models": [{"id": "Qwen3-0.6B-q4f16_1-MLC", "kind": "language", "required_features": []}],
    "sessions": [
        {"id": "s", "model": "m", "resumable": True, "reason": "cut", "completion_tokens": 3}
    ],
    "sessions.delete": {},
}


async def test_models_are_listed_without_loading_one() -> None:
    bench = Bench(replies=REPLIES)
    async with bench.llm as llm:
        models = await llm.models.list()
        assert [model.owned_by for model in models] == ["pywebllm", "mlc-ai"]
        assert (models.object, list(models.data)) == ("list", list(models))
        assert [model async for model in llm.models.list()] == list(models)
        assert [model async for model in models] == list(models)
        assert await llm.models.retrieve(models[1].id) == models[1]
        with pytest.raises(ModelNotFoundError):
            await llm.models.retrieve("nobody")
    assert bench.bridge.loaded == []


async def test_sessions_are_listed_resumed_and_deleted() -> None:
    bench = Bench(written("Once", " more."), replies=REPLIES)
    async with bench.llm as llm:
        (session,) = await llm.sessions.list()
        assert (session.id, session.resumable, session.completion_tokens) == ("s", True, 3)
        async with await llm.sessions.resume("s") as stream:
            assert (await stream.read()).text == "Once more."
        await llm.sessions.delete("s")
    assert bench.bridge.requests[0]["kind"] == "resume"
    assert bench.bridge.bodies == [{"session_id": "s", "model": "m"}]
    assert bench.bridge.queried[-1] == {"kind": "sessions.delete", "session_id": "s"}


async def test_text_completions_return_the_whole_or_a_stream() -> None:
    bench = Bench(text_written("Once", " more."), text_written("Once", " more."))
    async with bench.llm as llm:
        whole = await llm.completions.create(prompt="Again:", max_tokens=5)
        assert whole.text == "Once more."
        async with await llm.completions.create(prompt="Again:", stream=True) as stream:
            assert [piece.text async for piece in stream if piece.text] == ["Once", " more."]
        assert stream.final is not None
        assert stream.final.text == "Once more."
    assert {request["kind"] for request in bench.bridge.requests} == {"completions"}
    assert bench.bridge.bodies[0]["prompt"] == "Again:"


async def test_message_of_a_typed_answer_can_be_sent_in_the_next_request() -> None:
    bench = Bench(written('{"name": "Ada", "age": 36}'), written("Hello."))
    async with bench.llm as llm:
        reply = await llm.chat.completions.parse(messages=HELLO, response_format=Person)
        await llm.chat.completions.create(messages=[*HELLO, reply.choices[0].message, *HELLO])
    sent = bench.bridge.bodies[1]["messages"][1]
    assert sent == {"role": "assistant", "content": '{"name": "Ada", "age": 36}'}


async def test_embeddings_have_one_vector_for_each_input() -> None:
    found = {
        "object": "list",
        "model": "m",
        "data": [{"object": "embedding", "embedding": [0.5, 0.25], "index": 0}],
        "usage": {"prompt_tokens": 2, "total_tokens": 2, "extra": {"prefill_tokens_per_s": 9}},
    }
    bench = Bench((json.dumps([found]),))
    async with bench.llm as llm:
        reply = await llm.embeddings.create(input="Hello", user=None)
    assert reply.data[0].embedding == (0.5, 0.25)
    assert bench.bridge.requests[0]["kind"] == "embeddings"
    assert "user" not in bench.bridge.bodies[0]


def test_constructor_rejects_invalid_arguments() -> None:
    with pytest.raises(InvalidRequestError, match="timeout"):
        AsyncWebLLM(timeout=0)
    with pytest.raises(InvalidRequestError, match="max_models"):
        AsyncWebLLM(max_models=0)
    with pytest.raises(InvalidRequestError, match="model must be"):
        AsyncWebLLM(3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="assets_url"):
        AsyncWebLLM(assets_url="./", bridge=Bench().open)


async def test_api_takes_request_bodies() -> None:
    bench = Bench(written("Hello."))
    async with bench.llm as llm:
        stream = await llm.api.chat({"messages": HELLO, "max_tokens": 5})
        assert (await stream.read()).text == "Hello."


@pytest.mark.parametrize("given", [{"assets_url": "./there/"}, {"module": object()}, {}])
async def test_check_support_uses_the_files_of_the_client(given: dict[str, Any]) -> None:
    opener = functools.partial(open_bridge, thread="main", **given)
    llm = AsyncWebLLM(bridge=opener)
    check = llm._check
    assert isinstance(check, functools.partial)
    assert (check.func, check.keywords) == (check_support, given)
    with pytest.raises(SupportError, match="outside of"):
        await llm.check_support()


async def test_check_support_uses_the_files_of_the_wheel_with_a_custom_bridge() -> None:
    assert AsyncWebLLM(bridge=Bench().open)._check is check_support
