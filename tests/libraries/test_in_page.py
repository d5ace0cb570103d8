"""Libraries built on the official SDK, unchanged in real Pyodide, in a page that makes no request.

There is a page with the newest `openai`, on httpx2, and one with what micropip takes from the lock
file of Pyodide, on httpx. The programs have a scripted engine; the other tests have the built-in
model.
"""

from __future__ import annotations

from typing import Any

import pytest

from model.browser.python import PagePython
from tests.libraries.sets import IN_PAGE

MODEL = "pywebllm-persona-q4f32_1"


async def outcome(name: str) -> str:
    """Run a program; return its error, empty if there was none."""
    from tests.libraries.run import run

    return await run(name)


@pytest.mark.parametrize("name", IN_PAGE["newest"])
def test_library_runs_on_the_newest_sdk(newest: PagePython, name: str) -> None:
    assert newest.run(outcome, name=name) == ""


@pytest.mark.parametrize("name", IN_PAGE["lock file"])
def test_library_runs_on_the_sdk_of_the_lock_file(of_lock: PagePython, name: str) -> None:
    assert of_lock.run(outcome, name=name) == ""


@pytest.mark.parametrize("page_of", ["newest", "of_lock"])
def test_langchain_invokes_streams_and_types(request: pytest.FixtureRequest, page_of: str) -> None:
    """Without `await`, which needs JSPI, and with it."""

    async def run(model: str) -> list[Any]:
        from typing import Literal

        import openai
        from langchain_openai import ChatOpenAI
        from pydantic import BaseModel
        from pywebllm import AsyncWebLLM
        from pywebllm.openai import transport

        class Mood(BaseModel):
            mood: Literal["glad", "sad"]

        async with AsyncWebLLM() as llm:
            options: Any = {
                "base_url": "http://pywebllm.invalid/v1",
                "api_key": "-",
                "http_client": openai.DefaultHttpxClient(transport=transport(llm)),
                "http_async_client": openai.DefaultAsyncHttpxClient(transport=transport(llm)),
            }
            chat = ChatOpenAI(model=model, temperature=0, max_completion_tokens=12, **options)
            waited = chat.invoke("Tell of Ada.").text
            pieces = [str(piece.text) for piece in chat.stream("Tell of Ada.")]
            awaited = [str(piece.text) async for piece in chat.astream("Tell of Ada.")]
            typed = chat.with_structured_output(Mood)
            values = [typed.invoke("Is Ada glad?"), await typed.ainvoke("Is Ada glad?")]
        return [
            str(waited),
            len(pieces) > 3,
            "".join(pieces),
            "".join(awaited),
            [type(value) is Mood for value in values],
        ]

    sdk: PagePython = request.getfixturevalue(page_of)
    waited, in_pieces, streamed, awaited, typed = sdk.run(run, model=MODEL)
    assert "Ada" in waited
    assert in_pieces
    assert streamed == awaited == waited
    assert typed == [True, True]


def test_instructor_makes_values_and_partial_values(newest: PagePython) -> None:
    """By a tool and by a schema; the partial ones grow."""

    async def run(model: str) -> list[Any]:
        from typing import Literal

        from instructor import Mode, from_openai
        from pydantic import BaseModel, Field
        from pywebllm.openai import AsyncOpenAI

        class Person(BaseModel):
            name: Literal["Ada Lovelace", "Grace Hopper"]
            glad: bool

        class Draft(BaseModel):
            # Without a bound the model may write until the limit of tokens.
            name: str | None = Field(None, max_length=12)
            glad: bool | None = None

        ask: Any = {"model": model, "temperature": 0, "max_tokens": 200, "max_retries": 0}
        ask["messages"] = [{"role": "user", "content": "Tell of Ada."}]
        made = []
        async with AsyncOpenAI() as client:
            for mode in (Mode.TOOLS, Mode.JSON_SCHEMA):
                create = from_openai(client, mode=mode).chat.completions.create
                made.append(isinstance(await create(**ask, response_model=Person), Person))
            partial = from_openai(client, mode=Mode.JSON_SCHEMA).chat.completions.create_partial
            drafts = [it.model_dump() async for it in partial(**ask, response_model=Draft)]
        return [made, len(drafts) > 3, drafts[0], drafts[-1]]

    made, is_partial, first, last = newest.run(run, model=MODEL)
    assert made == [True, True]
    assert is_partial
    assert first != last
    assert set(first) == set(last) == {"name", "glad"}


def test_pydantic_ai_runs_an_agent(newest: PagePython) -> None:
    """Typed by a tool, typed by structured output, streamed, and through responses."""

    async def run(model: str) -> list[Any]:
        from typing import Literal

        from pydantic import BaseModel, Field
        from pydantic_ai import Agent, NativeOutput
        from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
        from pydantic_ai.providers.openai import OpenAIProvider
        from pywebllm.openai import AsyncOpenAI

        class Person(BaseModel):
            age: int = Field(ge=1, le=99)
            mood: Literal["glad", "sad"]

        async with AsyncOpenAI() as client:
            provider = OpenAIProvider(openai_client=client)
            chat = OpenAIChatModel(model, provider=provider)
            responses = OpenAIResponsesModel(model, provider=provider)
            settings: Any = {"temperature": 0, "max_tokens": 60}
            kinds: list[Any] = [Person, NativeOutput(Person)]
            agents: list[Any] = [
                Agent(chat, output_type=kind, model_settings=settings) for kind in kinds
            ]
            found = [(await agent.run("Tell of Ada.")).output for agent in agents]
            plain = Agent(chat, model_settings=settings)
            async with plain.run_stream("Tell of Ada.") as stream:
                # Its debouncing uses negative delays, which Pyodide 314.0.7's event loop rejects.
                texts = stream.stream_text(delta=True, debounce_by=None)
                pieces = [piece async for piece in texts]
            again = await Agent(responses, model_settings=settings).run("Tell of Ada.")
        return [[type(it) is Person for it in found], len(pieces) > 3, bool(again.output)]

    assert newest.run(run, model=MODEL) == [[True, True], True, True]


def test_openai_agents_call_a_tool_and_answer(newest: PagePython) -> None:
    """Through chat completions and through responses."""

    async def run(model: str) -> list[Any]:
        from typing import Literal

        from agents import (
            Agent,
            ModelSettings,
            OpenAIChatCompletionsModel,
            OpenAIResponsesModel,
            Runner,
            function_tool,
            set_tracing_disabled,
        )
        from pywebllm.openai import AsyncOpenAI

        set_tracing_disabled(disabled=True)
        called: list[str] = []

        def weather(city: Literal["Oslo", "Rome"]) -> str:
            """Tell the weather of a city."""
            called.append(city)
            return "clear"

        settings = ModelSettings(
            temperature=0, max_tokens=60, tool_choice="required", parallel_tool_calls=False
        )
        answers = []
        async with AsyncOpenAI() as client:
            for kind in (OpenAIChatCompletionsModel, OpenAIResponsesModel):
                agent = Agent(
                    name="Ada",
                    instructions="Be brief.",
                    model=kind(model, client),
                    model_settings=settings,
                    tools=[function_tool(weather)],
                )
                answers.append((await Runner.run(agent, "How is it?")).final_output)
        return [called, answers]

    called, answers = newest.run(run, model=MODEL)
    assert len(called) >= 2
    assert set(called) <= {"Oslo", "Rome"}
    assert all(answers)
