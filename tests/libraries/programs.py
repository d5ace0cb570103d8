"""One short program for each library built on the official SDK.

Each checks what its users would see, and raises if that is wrong. `run.py` runs them, in a page or
in an environment that has the libraries.
"""

from __future__ import annotations

from typing import Any

import pydantic

from tests.libraries.agents import agent_framework, autogen, openai_agents, pydantic_ai, smolagents
from tests.libraries.site import ADDRESS, HOW, MODEL, OSLO, REPORT, City, Site, raises, weather

__all__ = ["PROGRAMS"]


class Draft(pydantic.BaseModel):
    """A city of which parts may be missing."""

    city: str


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
        await site.check_ends(
            lambda model, text: create(model=model, messages=[{"role": "user", "content": text}]),
            sdk.NotFoundError,
        )
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
    await site.check_ends(
        lambda model, text: ChatOpenAI(model=model, **options).ainvoke(text), sdk.NotFoundError
    )
    other = Site()
    waiting = ChatOpenAI(model=MODEL, **ADDRESS, http_client=other.http_client(waits=True))
    assert waiting.invoke(HOW).content == REPORT
    other.engine.wait(other.llm.close())
    other.engine.close()


async def langgraph(site: Site) -> None:
    """An agent that calls a tool and answers, whole and streamed; errors."""
    import openai as sdk
    from langchain_openai import ChatOpenAI
    from langgraph.prebuilt import create_react_agent

    def chat_of(model: str) -> Any:
        return ChatOpenAI(model=model, **ADDRESS, http_async_client=site.http_client())

    def agent_of(model: str) -> Any:
        return create_react_agent(chat_of(model), [weather])

    agent = agent_of(MODEL)
    found = await agent.ainvoke({"messages": [("user", HOW)]})
    kinds = [message.type for message in found["messages"]]
    assert kinds == ["human", "ai", "tool", "ai"]
    assert found["messages"][2].content == "rain in Oslo"
    steps = [
        it async for it in agent.astream({"messages": [("user", HOW)]}, stream_mode="messages")
    ]
    assert "".join(str(piece.content) for piece, _ in steps).endswith(REPORT)
    await site.check_ends(
        lambda model, text: agent_of(model).ainvoke({"messages": [("user", text)]}),
        sdk.NotFoundError,
    )
    # It asks for the value after the agent's last message: see docs/libraries.md.
    typed = create_react_agent(chat_of(MODEL), [weather], response_format=City)
    with raises(sdk.BadRequestError):
        await typed.ainvoke({"messages": [("user", HOW)]})


async def instructor(site: Site) -> None:
    """Values by a tool and by a schema, partial values, and errors."""
    from instructor import Mode, from_openai
    from instructor.core import InstructorRetryException
    from pywebllm.openai import AsyncOpenAI

    ask: Any = {"model": MODEL, "messages": [{"role": "user", "content": HOW}]}
    async with AsyncOpenAI(site.llm) as client:
        for mode in (Mode.TOOLS, Mode.JSON_SCHEMA):
            create = from_openai(client, mode=mode).chat.completions.create
            # It returns an instance of a class derived from the given one.
            assert (await create(**ask, response_model=City)).city == "Oslo"
        partial = from_openai(client).chat.completions.create_partial(**ask, response_model=Draft)
        assert [it.city async for it in partial][-1] == "Oslo"
        create = from_openai(client).chat.completions.create

        def find(model: str, text: str) -> Any:
            messages: Any = [{"role": "user", "content": text}]
            return create(model=model, messages=messages, response_model=City)

        await site.check_ends(find, InstructorRetryException)


async def magentic(site: Site) -> None:
    """A function that the model answers, a chat, a stream, a tool and errors, after `install`."""
    import openai as sdk
    from magentic import AsyncStreamedStr, Chat, FunctionCall, OpenaiChatModel, UserMessage, prompt
    from pywebllm.openai import install

    with install(site.llm, wait=site.engine.wait) as installed:

        def chat(model: str, text: str, **options: Any) -> Any:
            answering = OpenaiChatModel(model, base_url=installed.base_url, api_key="-")
            return Chat([UserMessage(text)], model=answering, **options).asubmit()

        async def find(question: str) -> City: ...  # type: ignore[empty-body]

        # magentic reads annotations as values, which are strings in this file.
        find.__annotations__ = {"question": str, "return": City}
        model = OpenaiChatModel(MODEL, base_url=installed.base_url, api_key="-")
        assert await prompt("{question}", model=model)(find)(HOW) == OSLO
        assert (await chat(MODEL, HOW)).last_message.content == REPORT
        streamed = await chat(MODEL, HOW, output_types=[AsyncStreamedStr])
        assert "".join([it async for it in streamed.last_message.content]) == REPORT
        called = await chat(MODEL, HOW, output_types=[FunctionCall], functions=[weather])
        assert called.last_message.content() == "rain in Oslo"
        await site.check_ends(chat, sdk.NotFoundError)


async def any_llm(site: Site) -> None:
    """A completion, whole and streamed, a value, a tool and errors, after `install`."""
    import openai as sdk
    from any_llm import acompletion
    from pywebllm.openai import install

    with install(site.llm) as installed:
        options: Any = {"provider": "openai", "api_base": installed.base_url, "api_key": "-"}

        async def ask(model: str, text: str, **more: Any) -> Any:
            messages: Any = [{"role": "user", "content": text}]
            return await acompletion(model=model, messages=messages, **options, **more)

        assert (await ask(MODEL, HOW)).choices[0].message.content == REPORT
        stream = await ask(MODEL, HOW, stream=True)
        assert "".join([it.choices[0].delta.content or "" async for it in stream]) == REPORT
        typed = await ask(MODEL, HOW, response_format=City)
        assert typed.choices[0].message.parsed == OSLO
        (call,) = (await ask(MODEL, HOW, tools=[weather])).choices[0].message.tool_calls
        assert (call.function.name, call.function.arguments) == ("weather", '{"city": "Oslo"}')
        await site.check_ends(ask, sdk.NotFoundError)


async def llm(site: Site) -> None:
    """The command line's models, with and without `await`, after `install`."""
    import openai as sdk
    from llm.default_plugins.openai_models import AsyncChat, Chat
    from pywebllm.openai import install

    options: Any = {"model_id": "page", "api_base": ADDRESS["base_url"]}
    more: Any = {"supports_schema": True, "supports_tools": True}

    def model_of(name: str, kind: Any = AsyncChat) -> Any:
        model = kind(model_name=name, **options, **more)
        model.key = "-"
        return model

    async def ask(name: str, text: str) -> str:
        return str(await model_of(name).prompt(text, stream=False).text())

    with install(site.llm):
        assert await ask(MODEL, HOW) == REPORT
        assert "".join([it async for it in model_of(MODEL).prompt(HOW)]) == REPORT
        typed = await model_of(MODEL).prompt(HOW, schema=City, stream=False).text()
        assert City.model_validate_json(typed) == OSLO
        assert await model_of(MODEL).chain(HOW, tools=[weather]).text() == REPORT
        assert "rain in Oslo" in site.engine.requests[-1].prompt
        await site.check_ends(ask, sdk.NotFoundError)
    other = Site()
    with install(other.llm, wait=other.engine.wait):
        assert model_of(MODEL, Chat).prompt(HOW).text() == REPORT
    other.engine.wait(other.llm.close())
    other.engine.close()


async def chatlas(site: Site) -> None:
    """Chats, streams, values, a tool and errors, by chats and by responses, after `install`."""
    import openai as sdk
    from chatlas import ChatOpenAI, ChatOpenAICompletions
    from pywebllm.openai import install

    with install(site.llm):
        for kind in (ChatOpenAI, ChatOpenAICompletions):

            async def ask(model: str, text: str, kind: Any = kind) -> str:
                answer = await kind(model=model, **ADDRESS).chat_async(text, echo="none")
                return str(await answer.get_content())

            assert await ask(MODEL, HOW) == REPORT
            chat = kind(model=MODEL, **ADDRESS)
            assert "".join([it async for it in await chat.stream_async(HOW)]) == REPORT
            assert await chat.chat_structured_async(HOW, data_model=City) == OSLO
            chat.register_tool(weather)
            answer = await chat.chat_async(HOW, echo="none")
            assert REPORT in await answer.get_content()
            assert "rain in Oslo" in site.engine.requests[-1].prompt
            await site.check_ends(ask, sdk.NotFoundError)


async def mirascope(site: Site) -> None:
    """A call of a model by its address: text, a stream, a value, a tool and errors."""
    from mirascope import llm as mirascope_llm
    from mirascope.llm.exceptions import NotFoundError
    from pywebllm.openai import install

    async def weather_of(city: str) -> str:
        """Return the weather of a city."""
        return weather(city)

    def ask(model: str, text: str, **options: Any) -> Any:
        return mirascope_llm.Model(f"openai/{model}:completions").call_async(text, **options)

    with install(site.llm, wait=site.engine.wait):
        mirascope_llm.register_provider("openai", scope="openai/", **ADDRESS)
        assert (await ask(MODEL, HOW)).text() == REPORT
        stream = await mirascope_llm.Model(f"openai/{MODEL}:completions").stream_async(HOW)
        assert "".join([it async for it in stream.text_stream()]).strip() == REPORT
        form = mirascope_llm.format(City, mode="strict")
        assert (await ask(MODEL, HOW, format=form)).parse() == OSLO
        called = await ask(MODEL, HOW, tools=[mirascope_llm.tool(weather_of)])
        assert (await called.resume(await called.execute_tools())).text() == REPORT
        assert "rain in Oslo" in site.engine.requests[-1].prompt
        await site.check_ends(ask, NotFoundError)


PROGRAMS = {
    program.__name__: program
    for program in (
        *(openai, langchain_openai, langgraph, instructor, magentic, any_llm, llm, chatlas),
        *(mirascope, pydantic_ai, openai_agents, agent_framework, autogen, smolagents),
    )
}
