"""The programs of the libraries for agents; see `programs.py`."""

from __future__ import annotations

from typing import Any

from tests.libraries.site import ADDRESS, HOW, MODEL, OSLO, REPORT, City, Site, raises, weather

__all__ = ["agent_framework", "autogen", "openai_agents", "pydantic_ai", "smolagents"]


async def pydantic_ai(site: Site) -> None:
    """Values by a tool and by a schema, a tool, a stream, and errors, by chats and by responses."""
    from pydantic_ai import Agent, NativeOutput
    from pydantic_ai.exceptions import ModelHTTPError
    from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
    from pydantic_ai.providers.openai import OpenAIProvider
    from pywebllm.openai import AsyncOpenAI

    async with AsyncOpenAI(site.llm) as client:
        provider = OpenAIProvider(openai_client=client)
        for kind in (OpenAIChatModel, OpenAIResponsesModel):
            model = kind(MODEL, provider=provider)
            for output in (City, NativeOutput(City)):
                assert (await Agent(model, output_type=output).run(HOW)).output == OSLO
            async with Agent(model).run_stream(HOW) as stream:
                assert await stream.get_output() == REPORT
            assert (await Agent(model, tools=[weather]).run(HOW)).output == REPORT
            assert "rain in Oslo" in site.engine.requests[-1].prompt

            def ask(name: str, text: str, kind: Any = kind) -> Any:
                return Agent(kind(name, provider=provider)).run(text)

            await site.check_ends(ask, ModelHTTPError)


async def openai_agents(site: Site) -> None:
    """An agent with a tool, whole and streamed, a value and errors, by chats and by responses."""
    import openai as sdk
    from agents import (
        Agent,
        OpenAIChatCompletionsModel,
        OpenAIResponsesModel,
        Runner,
        function_tool,
        set_tracing_disabled,
    )
    from pywebllm.openai import AsyncOpenAI

    set_tracing_disabled(disabled=True)
    async with AsyncOpenAI(site.llm) as client:
        for kind in (OpenAIChatCompletionsModel, OpenAIResponsesModel):
            tools = [function_tool(weather)]
            agent = Agent(name="Ada", model=kind(MODEL, client), tools=tools)
            assert (await Runner.run(agent, HOW)).final_output == REPORT
            streamed = Runner.run_streamed(agent, HOW)
            assert [event async for event in streamed.stream_events()]
            assert streamed.final_output == REPORT
            typed = Agent(name="Bob", model=kind(MODEL, client), output_type=City)
            assert (await Runner.run(typed, HOW)).final_output == OSLO

            def ask(model: str, text: str, kind: Any = kind) -> Any:
                return Runner.run(Agent(name="Cyd", model=kind(model, client)), text)

            await site.check_ends(ask, sdk.NotFoundError)


async def agent_framework(site: Site) -> None:
    """An agent with a tool over two turns, by both clients: whole, streamed, a value, errors."""
    from agent_framework.exceptions import ChatClientException
    from agent_framework.openai import OpenAIChatClient, OpenAIChatCompletionClient
    from pywebllm.openai import AsyncOpenAI

    async with AsyncOpenAI(site.llm) as client:
        for kind in (OpenAIChatClient, OpenAIChatCompletionClient):
            agent = kind(model=MODEL, async_client=client).as_agent(tools=[weather])
            session = agent.create_session()
            for _ in range(2):
                assert (await agent.run(HOW, session=session)).text == REPORT
            pieces = [it.text or "" async for it in agent.run(HOW, stream=True)]
            # The client of responses adds the whole text of `output_text.done` to the pieces.
            assert "".join(pieces) in (REPORT, REPORT * 2)

            def ask(model: str, text: str, kind: Any = kind, **options: Any) -> Any:
                return kind(model=model, async_client=client).as_agent().run(text, options=options)

            assert (await ask(MODEL, HOW, response_format=City)).value == OSLO
            await site.check_ends(ask, ChatClientException)


async def autogen(site: Site) -> None:
    """An assistant with a tool, whole and streamed, a value and errors."""
    import openai as sdk
    from autogen_agentchat.agents import AssistantAgent
    from autogen_ext.models.openai import OpenAIChatCompletionClient

    info = {"vision": False, "function_calling": True, "json_output": True, "family": "unknown"}
    info["structured_output"] = True

    def client_of(model: str) -> Any:
        return OpenAIChatCompletionClient(
            model=model, **ADDRESS, http_client=site.http_client(), model_info=info
        )

    client = client_of(MODEL)
    agent = AssistantAgent("ada", client, tools=[weather], reflect_on_tool_use=True)
    assert (await agent.run(task=HOW)).messages[-1].content == REPORT
    plain = AssistantAgent("bob", client, model_client_stream=True)
    *_, result = [it async for it in plain.run_stream(task=HOW)]
    assert result.messages[-1].content == REPORT
    typed = AssistantAgent("cyd", client, output_content_type=City)
    assert (await typed.run(task=HOW)).messages[-1].content == OSLO
    await client.close()
    await site.check_ends(
        lambda model, text: AssistantAgent("dan", client_of(model)).run(task=text),
        sdk.NotFoundError,
    )


async def smolagents(site: Site) -> None:
    """An agent that calls a tool and answers, a chat, a stream and an error, without `await`."""
    import openai as sdk
    from pywebllm.testing import tool_call
    from smolagents import ChatMessage, OpenAIModel, Tool, ToolCallingAgent

    class Weather(Tool):  # type: ignore[misc]
        name = "weather"
        description = "Returns the weather of a city."
        inputs = {"city": {"type": "string", "description": "The city."}}  # noqa: RUF012
        output_type = "string"

        def forward(self, city: str) -> str:
            return weather(city)

    steps = iter([tool_call("weather", city="Oslo"), tool_call("final_answer", answer=REPORT)])
    other = Site(lambda request: next(steps, REPORT))
    client = {"http_client": other.http_client(waits=True)}
    address = {"api_base": ADDRESS["base_url"], "api_key": ADDRESS["api_key"]}
    model = OpenAIModel(MODEL, **address, client_kwargs=client)
    agent = ToolCallingAgent(tools=[Weather()], model=model, verbosity_level=0)
    assert agent.run(HOW) == REPORT
    assert "rain in Oslo" in str(other.engine.requests[1].messages)
    ask = [ChatMessage(role="user", content=HOW)]
    assert model.generate(ask).content == REPORT
    assert "".join(it.content or "" for it in model.generate_stream(ask)) == REPORT
    with raises(sdk.NotFoundError):
        OpenAIModel("No-Such-q4f32_1-MLC", **address, client_kwargs=client).generate(ask)
    other.engine.wait(other.llm.close())
    other.engine.close()
