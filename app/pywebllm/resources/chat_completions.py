"""`client.chat.completions`: chat completions, typed answers, and tools that are called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeVar, Unpack, cast, overload

from pywebllm import typed
from pywebllm.api import Api
from pywebllm.chat.stream import ChatStream
from pywebllm.request.body import one_answer_body, request_body
from pywebllm.request.checks import items, plain
from pywebllm.types import ChatCompletion, ParsedChatCompletion
from pywebllm.types.inputs import Message, Tool

from .parameters import ChatOptions, ChatParameters, ToolRunParameters
from .signature import spelled_out
from .timeouts import read_timeout, started, whole

__all__ = ["Chat", "ChatCompletions"]

T = TypeVar("T")

# Parameters of `create` that `parse` and `run_tools` refuse, and why.
_NOT_PARSED: Mapping[str, str] = {
    "stream": "the value is parsed from the whole answer",
    "stream_options": "the value is parsed from the whole answer",
    "stop": "it could truncate the value",
    "tools": "the answer is the value; use run_tools to call tools",
    "tool_choice": "the answer is the value; use run_tools to call tools",
    "parallel_tool_calls": "the answer is the value; use run_tools to call tools",
    # These reach this through `extra_body` only.
    "functions": "the answer is the value; use run_tools to call tools",
    "function_call": "the answer is the value; use run_tools to call tools",
    "response_format": "pass the type as a keyword argument",
}
_NOT_RUN: Mapping[str, str] = {
    "stream": "tools are called after each whole answer",
    "stream_options": "tools are called after each whole answer",
    # These reach this through `extra_body` only.
    "tools": "pass the functions as a keyword argument",
    "functions": "pass them as `tools`",
}


class ChatCompletions:
    """The "Chat Completions" section of the OpenAI API reference, and tool runs."""

    def __init__(self, api: Api, *, timeout: float | None) -> None:
        self._api = api
        self._timeout = timeout

    @overload
    async def create(
        self, *, stream: Literal[True], **parameters: Unpack[ChatParameters]
    ) -> ChatStream: ...

    @overload
    async def create(
        self, *, stream: Literal[False] | None = None, **parameters: Unpack[ChatParameters]
    ) -> ChatCompletion: ...

    @overload
    async def create(
        self, *, stream: bool | None, **parameters: Unpack[ChatParameters]
    ) -> ChatCompletion | ChatStream: ...

    @spelled_out(ChatParameters)
    async def create(
        self, *, stream: bool | None = None, **parameters: Unpack[ChatParameters]
    ) -> ChatCompletion | ChatStream:
        """Create a model response for a conversation; `ChatParameters` documents the parameters.

        Returns the whole answer, or with `stream=True` a stream, once the model is loaded and the
        request has been made. The stream is an async iterator of chunks and an async context
        manager; leaving it stops the model. After its end `final` is the whole answer.

        Reference: https://platform.openai.com/docs/api-reference/chat/create

        On cancellation the model stops and is free for the next request; a request that is still
        queued is withdrawn.

        Raises:
            InvalidRequestError: A parameter is unknown, out of range or not supported; `param`
                is its path.
            ContextWindowError: The conversation is longer than the context window.
            RequestTimeoutError: It took longer than `timeout`.
            WebLLMError: The model could not be loaded, or failed.
        """
        timeout = read_timeout(parameters.get("timeout"), self._timeout)
        body = request_body(
            parameters, tools=typed.describe(parameters.get("tools")), stream=stream
        )
        if stream:
            return await started(self._api.chat(body), timeout=timeout)
        return await whole(self._api.chat(body), timeout=timeout)

    @overload
    async def parse(
        self, *, response_format: type[T], **parameters: Unpack[ChatOptions]
    ) -> ParsedChatCompletion[T]: ...

    @overload
    async def parse(
        self, *, response_format: object, **parameters: Unpack[ChatOptions]
    ) -> ParsedChatCompletion[Any]: ...

    @spelled_out(ChatOptions)
    async def parse(
        self, *, response_format: Any, **parameters: Unpack[ChatOptions]
    ) -> ParsedChatCompletion[Any]:
        """Create a response whose `parsed` is an instance of the type `response_format`.

        The type is a dataclass, a TypedDict, a pydantic model, or a type that these can contain,
        for example `list[int]`. A grammar constrains the model to it, but the model does not see
        the type: name the fields in the prompt. Limit the length of strings and lists in the
        type, so that a sufficient `max_tokens` exists. There is one choice, and neither `stop`
        nor tools nor reasoning.

        Reference: https://platform.openai.com/docs/guides/structured-outputs

        On cancellation the model stops and is free for the next request.

        Raises:
            TruncatedError: The answer was truncated at `max_tokens` or at the end of the context
                window.
            ParseError: The answer violates a constraint that the grammar cannot express, for
                example a validator of a pydantic model.
            InvalidRequestError: The type has no schema, or a parameter is unknown, out of range
                or not supported.
            RequestTimeoutError: It took longer than `timeout`.
            WebLLMError: The model could not be loaded, or failed.
        """
        timeout = read_timeout(parameters.get("timeout"), self._timeout)
        body = one_answer_body(parameters, refused=_NOT_PARSED)
        body["response_format"] = typed.response_format_of(response_format)
        completion = await whole(self._api.chat(body), timeout=timeout)
        return typed.parsed_completion(response_format, completion)

    @spelled_out(ToolRunParameters)
    async def run_tools(
        self,
        *,
        tools: Sequence[Tool],
        max_rounds: int = 10,
        **parameters: Unpack[ToolRunParameters],
    ) -> typed.ToolRun:
        """Run a conversation with tools: call the functions the model requests until it answers.

        Functions are called one after another, with arguments converted to the types they
        declare. A returned string is sent to the model as it is, any other value as JSON. An
        exception is logged and sent to the model as `Error: …`; so are invalid arguments, which
        are not logged.

        Reference: https://platform.openai.com/docs/guides/function-calling

        On cancellation the model or the function stops, and the engine is free for the next
        request.

        Args:
            tools: Functions, plain or async; signature and docstring describe them to the model.
                A tool description as in the reference with the name of one of the functions
                replaces that function's own description.
            max_rounds: The maximum number of requests to the model, from 1.
            parameters: Those of `ToolRunParameters`. A `tool_choice` that requires a call applies
                to the first round only, `timeout` to each round.

        Raises:
            ToolRoundsError: The model still calls tools in the last round; `messages` is the
                conversation so far.
            TruncatedError: An answer was truncated in a tool call, or before it had any text, at
                `max_tokens` or at the end of the context window.
            InvalidRequestError: A function cannot be described, or a parameter is unknown, out of
                range or not supported.
            RequestTimeoutError: A round took longer than `timeout`.
            WebLLMError: The model could not be loaded, or failed.
        """
        timeout = read_timeout(parameters.get("timeout"), self._timeout)
        toolbox = typed.Toolbox(tools)
        body = one_answer_body(parameters, refused=_NOT_RUN) | {"tools": toolbox.descriptions}

        async def ask(messages: Sequence[Message], tool_choice: object) -> ChatCompletion:
            round_body = request_body(body, messages=messages, tool_choice=tool_choice)
            return await whole(self._api.chat(round_body), timeout=timeout)

        return await typed.run_tools(
            ask,
            toolbox,
            cast("list[Message]", items("messages", body.get("messages") or ())),
            tool_choice=plain(body.get("tool_choice"), "tool_choice"),
            max_rounds=max_rounds,
        )


class Chat:
    """The "Chat" section of the OpenAI API reference.

    Attributes:
        completions: Chat completions.
    """

    def __init__(self, api: Api, *, timeout: float | None) -> None:
        self.completions = ChatCompletions(api, timeout=timeout)
