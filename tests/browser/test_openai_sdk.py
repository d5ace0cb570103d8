"""The official SDK, unchanged in real Pyodide, with the model in the page.

Responses are validated strictly against the SDK's own models, in which OpenAI publishes the shapes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from model.browser.python import PagePython

# Globals in the page: the SDK's client, and the client of this library that answers it.
client: Any = None
llm: Any = None

MODEL = "pywebllm-persona-q4f32_1"
HI = {"model": MODEL, "messages": [{"role": "user", "content": "Tell of Ada."}], "temperature": 0}
TOOL: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {
            "type": "object",
            "properties": {"city": {"enum": ["Oslo", "Rome"]}},
            "required": ["city"],
            "additionalProperties": False,
        },
        "strict": True,
    },
}


@pytest.fixture(scope="module")
def sdk(sdk_python: PagePython) -> Iterator[PagePython]:
    """The page, with the SDK's client created as its documentation says."""

    async def start() -> None:
        global client, llm
        import httpx2
        from openai import AsyncOpenAI
        from pywebllm import AsyncWebLLM
        from pywebllm.openai import transport

        llm = AsyncWebLLM()
        client = AsyncOpenAI(
            api_key="local",
            base_url="http://pywebllm.invalid/v1",
            http_client=httpx2.AsyncClient(transport=transport(llm)),
        )

    async def end() -> None:
        await client.close()
        await llm.close()

    sdk_python.run(start)
    yield sdk_python
    sdk_python.run(end)


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"logprobs": True, "top_logprobs": 2, "n": 2, "stream_options": {"include_usage": True}},
        {
            "tools": [TOOL],
            "tool_choice": "required",
            "parallel_tool_calls": False,
            "max_tokens": 60,
        },
    ],
    ids=["plain", "logprobs", "tools"],
)
def test_chat_and_each_chunk_have_the_published_shape(
    sdk: PagePython, more: dict[str, Any]
) -> None:
    async def chat(request: dict[str, Any]) -> list[Any]:
        from openai.types.chat import ChatCompletion, ChatCompletionChunk

        create = client.chat.completions.with_streaming_response.create
        async with create(**request, stream=True) as response:
            lines = [line async for line in response.iter_lines() if line]
        *data, done = [line.removeprefix("data: ") for line in lines]
        chunks = [ChatCompletionChunk.model_validate_json(it, strict=True) for it in data]
        request.pop("stream_options", None)
        raw = await client.chat.completions.with_raw_response.create(**request)
        whole = ChatCompletion.model_validate_json(raw.text, strict=True)
        said = ["" for _ in whole.choices]
        for choice in (choice for chunk in chunks for choice in chunk.choices):
            said[choice.index] += choice.delta.content or ""
        expected = [choice.message.content or "" for choice in whole.choices]
        header = response.headers["content-type"]
        return [done, header, said == expected, whole.choices[0].finish_reason]

    request = {"max_tokens": 8} | HI | more
    done, header, same, reason = sdk.run(chat, request=request)
    assert done == "[DONE]"
    assert header.startswith("text/event-stream")
    assert same
    assert reason == ("tool_calls" if "tools" in more else "length")


def test_other_endpoints_have_the_published_shape(sdk: PagePython) -> None:
    async def ask(model: str) -> list[Any]:
        from openai.types import Completion, Model

        create = client.completions.with_raw_response.create
        raw = await create(model=model, prompt="Ada is", max_tokens=5, logprobs=2)
        completion = Completion.model_validate_json(raw.text, strict=True)
        pieces = await client.completions.create(
            model=model, prompt="Ada is", max_tokens=5, stream=True
        )
        *streamed, last = [it async for it in pieces]
        Completion.model_validate(last.model_dump(), strict=True)
        one = await client.models.with_raw_response.retrieve(model)
        names = [it.id async for it in client.models.list()]
        return [
            completion.choices[0].finish_reason,
            {it.choices[0].finish_reason for it in streamed} == {None},
            Model.model_validate_json(one.text, strict=True).id,
            names[0],
        ]

    assert sdk.run(ask, model=MODEL) == ["length", True, MODEL, MODEL]


def test_sdk_parses_a_pydantic_class(sdk: PagePython) -> None:
    async def parse(request: dict[str, Any]) -> list[Any]:
        from typing import Literal

        from openai import LengthFinishReasonError
        from pydantic import BaseModel, Field

        class Person(BaseModel):
            name: str = Field(max_length=8)
            age: int = Field(ge=1, le=99)
            mood: Literal["glad", "sad"]

        reply = await client.chat.completions.parse(**request, response_format=Person)
        async with client.chat.completions.stream(**request, response_format=Person) as stream:
            kinds = {event.type async for event in stream}
            final = await stream.get_final_completion()
        own = await llm.chat.completions.parse(
            messages=request["messages"], response_format=Person, temperature=0, max_tokens=60
        )
        try:
            short = request | {"max_tokens": 3}
            await client.chat.completions.parse(**short, response_format=Person)
        except LengthFinishReasonError:
            cut = True
        person = reply.choices[0].message.parsed
        same = person == final.choices[0].message.parsed == own.parsed
        return [isinstance(person, Person), same, sorted(kinds), cut]

    is_person, same, kinds, cut = sdk.run(parse, request=HI | {"max_tokens": 60})
    assert is_person
    assert same
    assert {"chunk", "content.delta", "content.done"} <= set(kinds)
    assert cut


def test_tool_of_the_sdk_is_called_and_its_result_answered(sdk: PagePython) -> None:
    async def call(request: dict[str, Any]) -> list[Any]:
        from typing import Literal

        import openai
        from pydantic import BaseModel

        class Weather(BaseModel):
            """Tell the weather."""

            city: Literal["Oslo", "Rome"]

        request["parallel_tool_calls"] = False
        tools = [openai.pydantic_function_tool(Weather)]
        first = await client.chat.completions.parse(**request, tools=tools, tool_choice="required")
        message = first.choices[0].message
        (made, *_) = message.tool_calls
        results = [
            {"role": "tool", "tool_call_id": it.id, "content": "rain"} for it in message.tool_calls
        ]
        messages = [*request["messages"], message, *results]
        second = await client.chat.completions.create(
            **request | {"messages": messages, "max_tokens": 6}, tools=tools
        )
        cached = second.usage.prompt_tokens_details.cached_tokens
        known = first.usage.prompt_tokens
        answer = second.choices[0].message.content
        return [made.function.parsed_arguments.city, bool(answer), cached >= known]

    city, answered, reused = sdk.run(call, request=HI | {"max_tokens": 60})
    assert city in ("Oslo", "Rome")
    assert answered
    assert reused, "the call was sent back as the model generated it"


def test_errors_are_the_classes_of_the_sdk(sdk: PagePython) -> None:
    async def fail(request: dict[str, Any]) -> list[Any]:
        import openai

        async def outcome(call: Any) -> list[Any]:
            try:
                await call
            except openai.APIStatusError as error:
                return [type(error).__name__, error.status_code, error.param, error.code]
            raise AssertionError("no error")

        create = client.chat.completions.create
        long = [{"role": "user", "content": "endless words " * 3000}]
        return [
            await outcome(create(**request | {"model": "No-Such-Model"})),
            await outcome(create(**request, top_logprobs=6, logprobs=True)),
            await outcome(create(**request, web_search_options={})),
            (await outcome(create(**request, logit_bias={"2147483647": 1})))[:2],
            await outcome(create(**request | {"messages": long})),
            await outcome(client.models.retrieve("No-Such-Model")),
            await outcome(client.post("/nonsense", cast_to=object, body={})),
            (await outcome(client.embeddings.create(model=request["model"], input="Ada")))[:2],
            bool((await create(**request, max_tokens=1)).choices),
        ]

    assert sdk.run(fail, request=HI) == [
        ["NotFoundError", 404, "model", "model_not_found"],
        ["BadRequestError", 400, "top_logprobs", None],
        ["BadRequestError", 400, "web_search_options", None],
        ["BadRequestError", 400],
        ["BadRequestError", 400, None, "context_length_exceeded"],
        ["NotFoundError", 404, "model", "model_not_found"],
        ["NotFoundError", 404, None, "unknown_url"],
        ["BadRequestError", 400],
        True,
    ]


@pytest.mark.parametrize("way", ["close", "cancel", "option"])
def test_cancelled_request_of_the_sdk_frees_the_engine(sdk: PagePython, way: str) -> None:
    async def stop(way: str, request: dict[str, Any]) -> float:
        import asyncio
        import time

        import openai

        endless = request | {"max_tokens": 800, "extra_body": {"ignore_eos": True}}
        if way == "close":
            async with await client.chat.completions.create(**endless, stream=True) as stream:
                await anext(aiter(stream))
        elif way == "cancel":
            try:
                async with asyncio.timeout(0.3):
                    await client.chat.completions.create(**endless)
            except TimeoutError:
                pass
        else:
            with_timeout = client.with_options(timeout=0.3, max_retries=0)
            try:
                await with_timeout.chat.completions.create(**endless)
            except openai.APITimeoutError:
                pass
            else:
                raise AssertionError("the answer ended before the timeout")
        start = time.monotonic()
        await client.chat.completions.create(**request, max_tokens=1)
        middle = time.monotonic()
        await client.chat.completions.create(**endless | {"max_tokens": 20})
        return (middle - start) / (time.monotonic() - middle) * 20

    # In tokens, since a busy machine delays all: the stopped answer would take 800.
    assert sdk.run(stop, way=way, request=HI) < 400


def test_responses_have_the_published_shape(sdk: PagePython) -> None:
    async def respond(request: dict[str, Any], tool: dict[str, Any]) -> list[Any]:
        from openai.types.responses import Response, ResponseStreamEvent
        from pydantic import TypeAdapter

        event_type: Any = TypeAdapter(ResponseStreamEvent)
        kinds: list[list[str]] = []
        texts: list[str] = []
        call = {"tools": [tool], "tool_choice": "required", "parallel_tool_calls": False}
        for more in ({}, call | {"max_output_tokens": 60}):
            body = {"max_output_tokens": 16} | request | more
            create = client.responses.with_streaming_response.create
            async with create(**body, stream=True) as response:
                lines = [line async for line in response.iter_lines()]
            data = [line[6:] for line in lines if line.startswith("data: ")]
            events = [event_type.validate_json(it, strict=True) for it in data]
            raw = await client.responses.with_raw_response.create(**body)
            whole = Response.model_validate_json(raw.text, strict=True)
            kinds.append([event.type for event in events])
            texts.append(whole.output[-1].type)
            assert events[-1].response.output_text == whole.output_text
        return [kinds, texts]

    request = {"model": MODEL, "input": "Tell of Ada.", "temperature": 0}
    tool = {"type": "function", **TOOL["function"]}
    (plain, called), items = sdk.run(respond, request=request, tool=tool)
    assert plain[0] == called[0] == "response.created"
    assert "response.output_text.delta" in plain
    assert plain[-1] == "response.incomplete", "it was truncated at max_output_tokens"
    assert "response.function_call_arguments.done" in called
    assert called[-1] == "response.completed"
    assert items == ["message", "function_call"]


def test_responses_parse_a_pydantic_class(sdk: PagePython) -> None:
    async def parse(model: str) -> list[Any]:
        from pydantic import BaseModel, Field

        class Age(BaseModel):
            years: int = Field(ge=1, le=99)

        reply = await client.responses.parse(
            model=model, input="How old is Ada?", text_format=Age, max_output_tokens=40
        )
        return [isinstance(reply.output_parsed, Age), reply.status]

    assert sdk.run(parse, model=MODEL) == [True, "completed"]


def test_client_of_this_library_takes_two_lines(sdk: PagePython) -> None:
    async def ask(request: dict[str, Any]) -> list[bool]:
        from pywebllm.openai import AsyncOpenAI

        async with AsyncOpenAI() as client:
            reply = await client.chat.completions.create(**request, max_tokens=3)
            async with AsyncOpenAI(llm) as shared:
                other = await shared.chat.completions.create(**request, max_tokens=3)
        return [bool(reply.choices), reply.choices == other.choices, llm.is_loaded()]

    assert sdk.run(ask, request=HI) == [True, True, True]


def test_model_continues_a_last_message_of_the_assistant(sdk: PagePython) -> None:
    async def continue_(request: dict[str, Any]) -> list[Any]:
        create = client.chat.completions.create
        whole = (await create(**request, max_tokens=24)).choices[0].message.content
        words = whole.split(" ")
        beginning = " ".join(words[:4])
        request["messages"].append({"role": "assistant", "content": beginning, "name": "ada"})
        # To its end: WebLLM does not cache a truncated answer.
        rest = (await create(**request, max_tokens=200)).choices[0].message.content
        again = [*request["messages"][:-1], {"role": "assistant", "content": beginning + rest}]
        follow_up = {"role": "user", "content": "And?"}
        later = await create(**request | {"messages": [*again, follow_up], "max_tokens": 1})
        cached = later.usage.prompt_tokens_details.cached_tokens
        return [whole, beginning, rest, cached]

    whole, beginning, rest, cached = sdk.run(continue_, request=HI)
    assert (beginning + rest).startswith(whole)
    assert cached > 0, "the history has the beginning and what the model added"


def test_client_without_await_and_clients_after_install_are_answered(sdk: PagePython) -> None:
    async def wait(request: dict[str, Any], tool: dict[str, Any]) -> list[Any]:
        import openai
        from pywebllm.openai import OpenAI, install

        with OpenAI(llm) as waiting:
            create = waiting.chat.completions.create
            whole = create(**request, max_tokens=8)
            pieces = [
                it.choices[0].delta.content or ""
                for it in create(**request, max_tokens=8, stream=True)
            ]
            endless: dict[str, Any] = request | {
                "max_tokens": 800,
                "extra_body": {"ignore_eos": True},
            }
            with create(**endless, stream=True) as stream:
                next(iter(stream))
            try:
                waiting.with_options(timeout=0.3, max_retries=0).chat.completions.create(**endless)
            except openai.APITimeoutError:
                late = True
            try:
                create(**request | {"model": "No-Such-Model"})
            except openai.NotFoundError as error:
                missing = error.code
            call: dict[str, Any] = {
                "tools": [tool],
                "tool_choice": "required",
                "parallel_tool_calls": False,
            }
            raw = waiting.chat.completions.with_raw_response.create(
                **request, **call, max_tokens=60
            )
        with install(llm) as installed:
            key: Any = {"base_url": installed.base_url, "api_key": "-"}
            with openai.OpenAI(**key) as plain:
                first = plain.chat.completions.create(**request, max_tokens=8)
            async with openai.AsyncOpenAI(**key) as plain_async:
                second = await plain_async.chat.completions.create(**request, max_tokens=8)
        texts = [it.choices[0].message.content for it in (whole, first, second)]
        elapsed = raw.elapsed.total_seconds()
        return [
            texts,
            "".join(pieces),
            late,
            missing,
            raw.parse().choices[0].finish_reason,
            elapsed,
        ]

    texts, streamed, late, missing, reason, elapsed = sdk.run(wait, request=HI, tool=TOOL)
    assert set(texts) == {streamed}
    assert late
    assert missing == "model_not_found"
    assert reason == "tool_calls"
    assert elapsed > 0


def test_response_continues_the_one_before_it(sdk: PagePython) -> None:
    async def respond(model: str) -> list[Any]:
        create = client.responses.create
        options = {"model": model, "temperature": 0, "max_output_tokens": 16}
        first = await create(**options, input="Tell of Ada.", instructions="Be brief.")
        second = await create(**options, input="And?", previous_response_id=first.id)
        items = [
            {"role": "user", "content": "Tell of Ada."},
            *(item.model_dump() for item in first.output),
            {"role": "user", "content": "And?"},
        ]
        sent = await create(**options, input=items)
        return [second.output_text == sent.output_text, second.previous_response_id == first.id]

    assert sdk.run(respond, model=MODEL) == [True, True]
