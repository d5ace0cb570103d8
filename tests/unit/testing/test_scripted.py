"""The scripted engine, through the clients that its users have."""

from __future__ import annotations

import asyncio
import json
import math
from dataclasses import dataclass
from typing import Any

import openai
import pytest
from pywebllm import AsyncWebLLM, WebLLM, connect
from pywebllm.errors import (
    ContextWindowError,
    DeviceLostError,
    EngineError,
    ModelNotFoundError,
    OutOfMemoryError,
    RequestTimeoutError,
)
from pywebllm.openai import AsyncOpenAI, OpenAI, install
from pywebllm.testing import Answer, ScriptedEngine, ScriptedRequest, tool_call

HELLO: Any = [{"role": "user", "content": "Hello"}]


@dataclass
class City:
    name: str


def weather(city: str) -> str:
    """Return the weather of a city."""
    return f"rain in {city}"


async def test_answers_of_a_script_are_used_in_order() -> None:
    engine = ScriptedEngine(["One.", Answer("Two.", reasoning="Hm."), {"name": "Bonn"}])
    async with AsyncWebLLM(bridge=engine.open) as llm:
        first = await llm.chat.completions.create(messages=HELLO)
        second = await llm.chat.completions.create(messages=HELLO)
        third = await llm.chat.completions.parse(messages=HELLO, response_format=City)
    assert (first.text, second.text, third.parsed) == ("One.", "Two.", City("Bonn"))
    assert second.choices[0].message.reasoning == "Hm."
    assert [request.prompt for request in engine.requests] == ["Hello"] * 3
    assert engine.loads == ["pywebllm-persona-q4f32_1"]


async def test_stream_arrives_in_pieces_that_stop_with_it() -> None:
    engine = ScriptedEngine(["One two three.", Answer("abc", pieces=["a", "b", "c"])])
    async with AsyncWebLLM(bridge=engine.open) as llm:
        async with await llm.chat.completions.create(messages=HELLO, stream=True) as stream:
            texts = [chunk.text async for chunk in stream]
        async with await llm.chat.completions.create(messages=HELLO, stream=True) as stream:
            async for chunk in stream:
                assert chunk.text == "a"
                break
    assert [text for text in texts if text] == ["One", " two", " three."]


async def test_scripted_calls_run_the_tools() -> None:
    engine = ScriptedEngine([tool_call("weather", city="Oslo"), "It rains."])
    async with AsyncWebLLM(bridge=engine.open) as llm:
        run = await llm.chat.completions.run_tools(messages=HELLO, tools=[weather])
    assert run.text == "It rains."
    assert "rain in Oslo" in engine.requests[1].prompt


async def test_function_answers_each_request() -> None:
    def answer(request: ScriptedRequest) -> str:
        return f"{request.kind}: {request.prompt}"

    async with AsyncWebLLM(bridge=ScriptedEngine(answer).open) as llm:
        chat = await llm.chat.completions.create(messages=HELLO, n=2)
        text = await llm.completions.create(prompt="Once")
    assert [it.message.content for it in chat.choices] == ["chat.completions: Hello"] * 2
    assert text.choices[0].text == "completions: Once"


async def test_limits_of_a_request_apply_to_the_script() -> None:
    engine = ScriptedEngine(lambda _: "One two, three.")
    async with AsyncWebLLM(bridge=engine.open) as llm:
        create = llm.chat.completions.create
        short = await create(messages=HELLO, max_tokens=1)
        stopped = await create(messages=HELLO, stop=",")
        tokens = await create(messages=HELLO, logprobs=True, top_logprobs=1)
        quiet = await create(messages=HELLO, reasoning_effort="none")
    assert (short.text, short.finish_reason) == ("One", "length")
    assert (stopped.text, stopped.finish_reason) == ("One two", "stop")
    assert tokens.choices[0].logprobs is not None
    assert len(tokens.choices[0].logprobs.content) == 3
    assert quiet.choices[0].message.reasoning == ""
    assert quiet.usage is not None


async def test_engine_fails_on_demand_and_answers_again() -> None:
    engine = ScriptedEngine(
        [ContextWindowError("too long"), Answer("Good ", error=DeviceLostError("gone")), "Yes."]
    )
    async with AsyncWebLLM(bridge=engine.open) as llm:
        with pytest.raises(ContextWindowError):
            await llm.chat.completions.create(messages=HELLO)
        stream = await llm.chat.completions.create(messages=HELLO, stream=True)
        with pytest.raises(DeviceLostError):
            await stream.read()
        assert stream.text == "Good "
        assert (await llm.chat.completions.create(messages=HELLO)).text == "Yes."
        with pytest.raises(EngineError, match="no answer left for 'Hello'"):
            await llm.chat.completions.create(messages=HELLO)


async def test_slow_answer_runs_into_the_timeout_and_is_stopped() -> None:
    engine = ScriptedEngine([Answer("Never.", delay=math.inf), "Yes."])
    async with AsyncWebLLM(bridge=engine.open) as llm:
        with pytest.raises(RequestTimeoutError):
            await llm.chat.completions.create(messages=HELLO, timeout=0.01)
        assert (await llm.chat.completions.create(messages=HELLO)).text == "Yes."


async def test_lost_engine_fails_its_open_answer() -> None:
    engine = ScriptedEngine([Answer("Never.", delay=math.inf), "Yes."])
    async with AsyncWebLLM(bridge=engine.open) as llm:
        await llm.load()
        asking = asyncio.create_task(llm.chat.completions.create(messages=HELLO))
        async with asyncio.timeout(5):
            while not engine.requests:  # noqa: ASYNC110, a user has no event to wait for
                await asyncio.sleep(0)
        engine.lose()
        with pytest.raises(DeviceLostError):
            await asking
        assert (await llm.chat.completions.create(messages=HELLO)).text == "Yes."
    assert len(engine.loads) == 2


async def test_loads_are_slow_fail_and_know_the_models() -> None:
    engine = ScriptedEngine(["Yes."], models=["Other-q4f32_1-MLC"], load_seconds=0.01)
    phases: list[str] = []
    async with AsyncWebLLM(bridge=engine.open) as llm:
        await llm.load("Other-q4f32_1-MLC", on_progress=lambda it: phases.append(it.phase))
        assert [model.id async for model in llm.models.list()][-1] == "Other-q4f32_1-MLC"
        with pytest.raises(ModelNotFoundError):
            await llm.load("Another-q4f32_1-MLC")
    assert phases[-1] == "ready"
    full = ScriptedEngine(load_error=OutOfMemoryError("too large"))
    async with AsyncWebLLM(bridge=full.open) as llm:
        with pytest.raises(OutOfMemoryError):
            await llm.load()


async def test_embeddings_are_the_same_for_the_same_text() -> None:
    async with AsyncWebLLM(bridge=ScriptedEngine().open) as llm:
        found = await llm.embeddings.create(input=["a", "b", "a"])
    first, second, third = (item.embedding for item in found.data)
    assert first == third != second
    assert math.isclose(math.hypot(*first), 1)


async def test_sdk_and_connect_answer_from_the_script() -> None:
    engine = ScriptedEngine(["Yes.", tool_call("weather", city="Oslo")])
    llm = AsyncWebLLM(bridge=engine.open)
    async with AsyncOpenAI(llm) as client:
        reply = await client.responses.create(model="pywebllm-persona-q4f32_1", input="Hello")
    assert reply.output_text == "Yes."
    async with await connect(client=llm, check=engine.check_support) as connected:
        assert connected.backend.kind == "page"
        tool: Any = {"type": "function", "function": {"name": "weather"}}
        answer = await connected.chat.completions.create(
            model=connected.backend.model, messages=HELLO, tools=[tool]
        )
    assert answer.choices[0].message.tool_calls is not None
    await llm.close()


async def test_clients_without_await_wait_even_inside_a_running_loop() -> None:
    with ScriptedEngine(["One.", "Two.", "Three."]) as engine:
        with WebLLM(bridge=engine.open, wait=engine.wait) as llm:
            assert llm.chat.completions.create(messages=HELLO).text == "One."
        page = AsyncWebLLM(bridge=engine.open)
        chat: Any = {"model": "pywebllm-persona-q4f32_1", "messages": HELLO}
        with OpenAI(page, wait=engine.wait) as client:
            pieces = client.chat.completions.create(**chat, stream=True)
            assert "".join(it.choices[0].delta.content or "" for it in pieces) == "Two."
        with (
            install(page, wait=engine.wait) as installed,
            openai.OpenAI(base_url=installed.base_url, api_key="-") as plain,
        ):
            reply = plain.chat.completions.create(**chat)
        assert reply.choices[0].message.content == "Three."
        engine.wait(page.close())
    engine.close()


def test_script_of_another_kind_is_a_type_error() -> None:
    with ScriptedEngine([3]) as engine:  # type: ignore[list-item]
        llm = WebLLM(bridge=engine.open, wait=engine.wait)
        with pytest.raises(TypeError, match="a script must contain"):
            llm.chat.completions.create(messages=HELLO)
        llm.close()


def test_call_has_its_arguments_as_json() -> None:
    assert json.loads(tool_call("f", a=1, name="x").arguments) == {"a": 1, "name": "x"}


@pytest.mark.parametrize(
    "wrong", [{"script": "Hello"}, {"script": {"a": 1}}, {"script": Answer("x")}, {"models": "m"}]
)
def test_script_that_is_no_list_is_a_type_error(wrong: Any) -> None:
    with pytest.raises(TypeError, match="must be a list"):
        ScriptedEngine(**wrong)
