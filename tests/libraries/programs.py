"""One short program for each library built on the official SDK.

Each checks what its users would see, and raises if that is wrong. They are run by `run.py`, in an
environment that has the libraries.
"""

from __future__ import annotations

import asyncio
from typing import Any, Literal

import pydantic
import pytest

from tests.libraries.site import ADDRESS, MODEL, REPORT, Site

__all__ = ["PROGRAMS"]

HOW = "How is the weather?"


class City(pydantic.BaseModel):
    """A city."""

    city: Literal["Oslo", "Rome"]


OSLO = City(city="Oslo")


class Draft(pydantic.BaseModel):
    """A city of which parts may be missing."""

    city: str


def weather(city: str) -> str:
    """Return the weather of a city."""
    return f"rain in {city}"


async def openai(site: Site) -> None:
    """The SDK itself: chats, responses, streams, values, tools, errors, cancellation."""
    import openai as sdk
    from pywebllm.openai import AsyncOpenAI, OpenAI

    ask: Any = {"model": MODEL, "messages": [{"role": "user", "content": HOW}]}
    tool = sdk.pydantic_function_tool(City)
    async with AsyncOpenAI(site.llm, _strict_response_validation=True) as client:
        create = client.chat.completions.create
        assert (await create(**ask)).choices[0].message.content == REPORT
        assert (await client.responses.create(model=MODEL, input=HOW)).output_text == REPORT
        stream = await create(**ask, stream=True)
        assert "".join([it.choices[0].delta.content or "" async for it in stream]) == REPORT
        parse = client.chat.completions.parse
        assert (await parse(**ask, response_format=City)).choices[0].message.parsed == OSLO
        parsed = await client.responses.parse(model=MODEL, input=HOW, text_format=City)
        assert parsed.output_parsed == OSLO
        called = (await parse(**ask, tools=[tool])).choices[0].message.tool_calls
        assert called
        assert called[0].function.parsed_arguments == OSLO
        with pytest.raises(sdk.NotFoundError):
            await create(**ask | {"model": "No-Such-q4f32_1-MLC"})
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await create(model=MODEL, messages=[{"role": "user", "content": "Never"}])
        assert (await create(**ask)).choices[0].message.content == REPORT
    other = Site()
    with OpenAI(other.llm, wait=other.engine.wait) as waiting:
        assert waiting.chat.completions.create(**ask).choices[0].message.content == REPORT
    other.engine.wait(other.llm.close())
    other.engine.close()


async def langchain_openai(site: Site) -> None:
    """Chats, streams, values, streamed tools and errors of `ChatOpenAI`, and `invoke`."""
    import openai as sdk
    from langchain_core.tools import tool
    from langchain_openai import ChatOpenAI

    options = {**ADDRESS, "http_async_client": site.http_client()}
    chat = ChatOpenAI(model=MODEL, **options)
    assert (await chat.ainvoke(HOW)).content == REPORT
    assert "".join([str(it.content) async for it in chat.astream(HOW)]) == REPORT
    for method in ("json_schema", "function_calling"):
        typed = chat.with_structured_output(City, method=method)
        assert await typed.ainvoke(HOW) == OSLO
    bound = chat.bind_tools([tool(weather)])
    whole: Any = None
    async for piece in bound.astream(HOW):
        whole = piece if whole is None else whole + piece
    (call,) = whole.tool_calls
    assert (call["name"], call["args"]) == ("weather", {"city": "Oslo"})
    with pytest.raises(sdk.NotFoundError):
        await ChatOpenAI(model="No-Such-q4f32_1-MLC", **options).ainvoke(HOW)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await chat.ainvoke("Never")
    other = Site()
    waiting = ChatOpenAI(model=MODEL, **ADDRESS, http_client=other.http_client(waits=True))
    assert waiting.invoke(HOW).content == REPORT
    other.engine.wait(other.llm.close())
    other.engine.close()


async def langgraph(site: Site) -> None:
    """An agent that calls a tool and answers, whole and streamed."""
    from langchain_openai import ChatOpenAI
    from langgraph.prebuilt import create_react_agent

    chat = ChatOpenAI(model=MODEL, **ADDRESS, http_async_client=site.http_client())
    agent = create_react_agent(chat, [weather])
    found = await agent.ainvoke({"messages": [("user", HOW)]})
    kinds = [message.type for message in found["messages"]]
    assert kinds == ["human", "ai", "tool", "ai"]
    assert found["messages"][2].content == "rain in Oslo"
    steps = [
        it async for it in agent.astream({"messages": [("user", HOW)]}, stream_mode="messages")
    ]
    assert "".join(str(piece.content) for piece, _ in steps).endswith(REPORT)


async def instructor(site: Site) -> None:
    """Values by a tool and by a schema, and partial values."""
    from instructor import Mode, from_openai
    from pywebllm.openai import AsyncOpenAI

    ask: Any = {"model": MODEL, "messages": [{"role": "user", "content": HOW}]}
    async with AsyncOpenAI(site.llm) as client:
        for mode in (Mode.TOOLS, Mode.JSON_SCHEMA):
            create = from_openai(client, mode=mode).chat.completions.create
            # It returns an instance of a class derived from the given one.
            assert (await create(**ask, response_model=City)).city == "Oslo"
        partial = from_openai(client).chat.completions.create_partial(**ask, response_model=Draft)
        assert [it.city async for it in partial][-1] == "Oslo"


async def magentic(site: Site) -> None:
    """A function that the model answers, after `install`."""
    from magentic import OpenaiChatModel, prompt
    from pywebllm.openai import install

    with install(site.llm, wait=site.engine.wait) as installed:
        model = OpenaiChatModel(MODEL, base_url=installed.base_url, api_key="-")

        async def report(question: str) -> str: ...  # type: ignore[empty-body]
        async def find(question: str) -> City: ...  # type: ignore[empty-body]

        # magentic reads annotations as values, which are strings in this file.
        report.__annotations__ = {"question": str, "return": str}
        find.__annotations__ = {"question": str, "return": City}
        assert await prompt("{question}", model=model)(report)(HOW) == REPORT
        assert await prompt("{question}", model=model)(find)(HOW) == OSLO


async def any_llm(site: Site) -> None:
    """A completion, whole and streamed, after `install`."""
    from any_llm import acompletion
    from pywebllm.openai import install

    with install(site.llm) as installed:
        ask: Any = {
            "model": MODEL,
            "provider": "openai",
            "api_base": installed.base_url,
            "api_key": "-",
            "messages": [{"role": "user", "content": HOW}],
        }
        assert (await acompletion(**ask)).choices[0].message.content == REPORT
        stream = await acompletion(**ask, stream=True)
        assert "".join([it.choices[0].delta.content or "" async for it in stream]) == REPORT


async def llm(site: Site) -> None:
    """The command line's models, with and without `await`, after `install`."""
    from llm.default_plugins.openai_models import AsyncChat, Chat
    from pywebllm.openai import install

    options: Any = {"model_id": "page", "model_name": MODEL, "api_base": ADDRESS["base_url"]}
    with install(site.llm):
        model = AsyncChat(**options)
        model.key = "-"
        assert await model.prompt(HOW, stream=False).text() == REPORT
        assert "".join([it async for it in model.prompt(HOW)]) == REPORT
    other = Site()
    with install(other.llm, wait=other.engine.wait):
        waiting = Chat(**options)
        waiting.key = "-"
        assert waiting.prompt(HOW).text() == REPORT
    other.engine.wait(other.llm.close())
    other.engine.close()


async def chatlas(site: Site) -> None:
    """A chat with a tool, by chats and by responses, after `install`."""
    from chatlas import ChatOpenAI, ChatOpenAICompletions
    from pywebllm.openai import install

    with install(site.llm):
        for kind in (ChatOpenAI, ChatOpenAICompletions):
            chat = kind(model=MODEL, **ADDRESS)
            answer = await chat.chat_async(HOW, echo="none")
            assert await answer.get_content() == REPORT
            chat.register_tool(weather)
            answer = await chat.chat_async(HOW, echo="none")
            assert REPORT in await answer.get_content()
            assert "rain in Oslo" in site.engine.requests[-1].prompt


async def mirascope(site: Site) -> None:
    """A call of a model that is registered by its address, after `install`."""
    from mirascope.llm import Model, register_provider
    from pywebllm.openai import install

    with install(site.llm, wait=site.engine.wait):
        register_provider("openai", scope="openai/", **ADDRESS)
        answer = await Model(f"openai/{MODEL}:completions").call_async(HOW)
        assert answer.text() == REPORT


async def pydantic_ai(site: Site) -> None:
    """Values by a tool and by a schema, a stream, and responses."""
    from pydantic_ai import Agent, NativeOutput
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


async def openai_agents(site: Site) -> None:
    """An agent with a tool, by chats and by responses, whole and streamed."""
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


async def agent_framework(site: Site) -> None:
    """An agent with a tool over two turns, by both clients, whole and streamed."""
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


async def autogen(site: Site) -> None:
    """An assistant with a tool, whole and streamed."""
    from autogen_agentchat.agents import AssistantAgent
    from autogen_ext.models.openai import OpenAIChatCompletionClient

    info = {"vision": False, "function_calling": True, "json_output": True, "family": "unknown"}
    client = OpenAIChatCompletionClient(
        model=MODEL,
        **ADDRESS,
        http_client=site.http_client(),
        model_info={**info, "structured_output": True},
    )
    agent = AssistantAgent("ada", client, tools=[weather], reflect_on_tool_use=True)
    assert (await agent.run(task=HOW)).messages[-1].content == REPORT
    plain = AssistantAgent("bob", client, model_client_stream=True)
    *_, result = [it async for it in plain.run_stream(task=HOW)]
    assert result.messages[-1].content == REPORT
    await client.close()


PROGRAMS = {
    program.__name__: program
    for program in (
        *(openai, langchain_openai, langgraph, instructor, magentic, any_llm, llm, chatlas),
        *(mirascope, pydantic_ai, openai_agents, agent_framework, autogen),
    )
}
