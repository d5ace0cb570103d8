"""Libraries built on the official SDK, unchanged in real Pyodide, with the model in the page.

Their wheels come from PyPI, and their pages make no request to another origin: see the fixtures.
"""

from __future__ import annotations

from typing import Any

from model.browser.python import PagePython

MODEL = "pywebllm-persona-q4f32_1"


def test_pydantic_ai_runs_an_agent(sdk_python: PagePython) -> None:
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

    assert sdk_python.run(run, model=MODEL) == [[True, True], True, True]


def test_openai_agents_call_a_tool_and_answer(older_sdk_python: PagePython) -> None:
    """On `openai` 2 and `httpx` 0.28, through chat completions and through responses."""

    async def run(model: str) -> list[Any]:
        from typing import Literal

        import httpx
        from agents import (
            Agent,
            ModelSettings,
            OpenAIChatCompletionsModel,
            OpenAIResponsesModel,
            Runner,
            function_tool,
            set_tracing_disabled,
        )
        from openai import AsyncOpenAI
        from pywebllm.openai import transport

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
        async with AsyncOpenAI(
            api_key="local",
            base_url="http://pywebllm.invalid/v1",
            http_client=httpx.AsyncClient(transport=transport()),  # type: ignore[arg-type]
        ) as client:
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

    called, answers = older_sdk_python.run(run, model=MODEL)
    assert len(called) >= 2
    assert set(called) <= {"Oslo", "Rome"}
    assert all(answers)
