"""`WebLLM` does what `AsyncWebLLM` does; an event loop of the test waits instead of JSPI."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import Awaitable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest
from pywebllm.errors import EngineError, SupportError, ToolRoundsError
from pywebllm.records import ModelRecord
from pywebllm.sync.client import WebLLM
from pywebllm.types import ChatCompletion
from pywebllm.values import LoadProgress

from tests.unit.answering import AnsweringBridge, text_written, written
from tests.unit.fakes import chunk

pytestmark = pytest.mark.timeout(20)

T = TypeVar("T")

HELLO = [{"role": "user", "content": "Hello"}]


class Bench:
    """A synchronous client, its bridge, and an event loop that runs while a call waits."""

    def __init__(self, *model: str, **options: Any) -> None:
        self.loop = asyncio.new_event_loop()
        self.bridge = AnsweringBridge()
        self.llm = WebLLM(*model, bridge=self.open, wait=self.wait, **options)

    def wait(self, awaitable: Awaitable[T], /) -> T:
        async def waiting() -> T:
            return await awaitable

        return self.loop.run_until_complete(waiting())

    def answer(self, *answers: tuple[str, ...]) -> WebLLM:
        self.bridge.answers.extend(answers)
        return self.llm

    async def open(self) -> AnsweringBridge:
        return self.bridge


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.llm.close()
    bench.loop.close()


@dataclass
class Person:
    name: str
    age: int


def test_create_returns_the_answer_without_await(bench: Bench) -> None:
    reply = bench.answer(written("Hello", " you.")).chat.completions.create(messages=HELLO, seed=1)
    assert isinstance(reply, ChatCompletion)
    assert reply.text == "Hello you."
    assert bench.bridge.bodies[0]["seed"] == 1


def test_synchronous_stream_is_a_plain_iterator(bench: Bench) -> None:
    llm = bench.answer(written("Hello", " you."))
    with llm.chat.completions.create(messages=HELLO, stream=True) as stream:
        assert "".join(piece.text for piece in stream) == "Hello you."
    assert stream.text == "Hello you."
    assert stream.final is not None
    assert stream.final.usage is not None


def test_synchronous_stream_can_be_read_to_its_end(bench: Bench) -> None:
    stream = bench.answer(written("Hello.")).chat.completions.create(messages=HELLO, stream=True)
    assert stream.final is None
    assert stream.read().text == "Hello."


def test_break_stops_the_engine(bench: Bench) -> None:
    llm = bench.answer((chunk("One"), chunk("Two")))
    for _ in llm.chat.completions.create(messages=HELLO, stream=True):
        break
    gc.collect()
    assert bench.bridge.streams[0].stops


def test_leaving_the_block_stops_the_engine(bench: Bench) -> None:
    llm = bench.answer((chunk("One"), chunk("Two")))
    with llm.chat.completions.create(messages=HELLO, stream=True) as stream:
        assert next(stream).text == "One"
    assert bench.bridge.streams[0].stops
    assert list(stream) == []


def test_errors_are_those_of_the_asynchronous_client(bench: Bench) -> None:
    stream = bench.llm.chat.completions.create(messages=HELLO, stream=True)
    error = EngineError("no")
    bench.bridge.streams[0].fail(error)
    with pytest.raises(EngineError) as caught:
        next(stream)
    assert caught.value is error


def test_typed_answers_and_tools_work(bench: Bench) -> None:
    def warmth(city: str) -> str:
        """Return how warm it is in a city."""
        return f"21 degrees in {city}"

    async def humidity(city: str) -> int:
        """Return how humid it is in a city."""
        return 80

    calls = "".join(
        f'<tool_call>\n{{"name": "{name}", "arguments": {{"city": "Rome"}}}}\n</tool_call>'
        for name in ("warmth", "humidity")
    )
    llm = bench.answer(written('{"name": "Ada", "age": 36}'), written(calls), written("Warm."))
    person = llm.chat.completions.parse(messages=HELLO, response_format=Person).parsed
    assert person == Person(name="Ada", age=36)
    run = llm.chat.completions.run_tools(messages=HELLO, tools=[warmth, humidity])
    assert (run.text, run.rounds) == ("Warm.", 2)
    sent = bench.bridge.bodies[-1]["messages"][-1]["content"]
    assert "21 degrees in Rome" in sent
    assert "80" in sent
    with pytest.raises(ToolRoundsError):
        bench.answer(written(calls)).chat.completions.run_tools(
            messages=HELLO, tools=[warmth, humidity], max_rounds=1
        )


def test_text_completions_and_embeddings_work(bench: Bench) -> None:
    found = {
        "model": "m",
        "data": [{"embedding": [0.5], "index": 0}],
        "usage": {"prompt_tokens": 2, "total_tokens": 2},
    }
    llm = bench.answer(text_written("Once"), text_written("Once"), (json.dumps([found]),))
    assert llm.completions.create(prompt="Again:").text == "Once"
    with llm.completions.create(prompt="Again:", stream=True) as stream:
        assert [piece.text for piece in stream if piece.text] == ["Once"]
    assert llm.embeddings.create(input="Hello").data[0].embedding == (0.5,)


def test_models_and_sessions_work(bench: Bench) -> None:
    llm = bench.answer(written("Once more."))
    session = {"id": "s", "model": "m", "resumable": True, "reason": "", "completion_tokens": 3}
    bench.bridge.replies = {
        "models": [{"id": "m", "kind": "language"}],
        "sessions": [session],
        "sessions.delete": {},
    }
    models = llm.models.list()
    assert [model.owned_by for model in models] == ["pywebllm", "mlc-ai"]
    assert list(models.data) == list(models)
    assert llm.models.retrieve("m").id == "m"
    assert llm.sessions.list()[0].id == "s"
    assert "".join(piece.text for piece in llm.sessions.resume("s")) == "Once more."
    llm.sessions.delete("s")
    assert bench.bridge.queried[-1]["kind"] == "sessions.delete"


def test_load_reports_its_progress_and_unload_frees_the_model() -> None:
    bench = Bench()
    reported: list[LoadProgress] = []
    with bench.llm as llm:
        llm.load(on_progress=reported.append)
        assert reported[-1].ratio == 1.0
        assert llm.is_loaded()
        llm.unload()
        assert not llm.is_loaded()
        llm.load()
    assert not llm.is_loaded()
    bench.loop.close()


def test_constructor_passes_its_arguments_to_the_asynchronous_client() -> None:
    record = ModelRecord(model_id="mine", model="mine/", model_lib="mine.wasm")
    bench = Bench("mine", records=[record], max_models=2, timeout=0.001)
    with bench.llm as llm:
        llm.load()
        assert bench.bridge.located == [record]
        llm.load("another")
        assert llm.is_loaded(), "there is room for two"
        with pytest.raises(TimeoutError):
            llm.chat.completions.create(messages=HELLO)
    bench.loop.close()
    with pytest.raises(TypeError, match="assets_url"):
        WebLLM(assets_url="./", bridge=bench.open)


def test_leaving_with_hides_no_error_and_raises_none_where_python_cannot_wait() -> None:
    WebLLM().close()
    with pytest.raises(KeyError, match="mine"), WebLLM():
        raise KeyError("mine")
    with WebLLM():
        pass


def test_leaving_with_raises_support_error_unless_there_is_another_error() -> None:
    can_wait, bench = True, Bench()

    def wait(awaitable: Any, /) -> Any:
        if can_wait:
            return bench.wait(awaitable)
        awaitable.close()
        raise SupportError("it cannot wait")

    llm = WebLLM(bridge=bench.open, wait=wait)
    llm.load()
    can_wait = False
    with pytest.raises(SupportError), llm:
        pass
    with pytest.raises(KeyError, match="mine"), llm:
        raise KeyError("mine")
    can_wait = True
    llm.close()
    bench.loop.close()


def test_first_call_raises_support_error_where_python_cannot_wait() -> None:
    llm = WebLLM()
    calls: list[Any] = [
        llm.load,
        llm.models.list,
        lambda: llm.chat.completions.create(messages=HELLO),
    ]
    for call in calls:
        with pytest.raises(SupportError):
            call()
    assert not llm.is_loaded()
