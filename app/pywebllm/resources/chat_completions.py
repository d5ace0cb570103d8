"""`client.chat.completions`: answers to conversations, typed answers, and tools that are called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeVar, Unpack, cast, overload

from pywebllm.api import Api
from pywebllm.chat.stream import ChatStream
from pywebllm.request.checks import items
from pywebllm.typed import tool_run
from pywebllm.typed.parsing import parsed_completion, response_format_of
from pywebllm.typed.toolbox import Toolbox, describe
from pywebllm.types import ChatCompletion, ParsedChatCompletion
from pywebllm.types.inputs import Message, Tool

from .body import one_answer_body, read_timeout, request_body
from .parameters import ChatOptions, ChatParameters, ToolRunParameters
from .signature import spelled_out
from .timeouts import started, whole

__all__ = ["Chat", "ChatCompletions"]

T = TypeVar("T")

# What `create` takes and these do not, and why.
_NOT_PARSED: Mapping[str, str] = {
    "stream": "a value is there when the answer is whole",
    "stream_options": "a value is there when the answer is whole",
    "stop": "it would cut the value off",
    "tools": "the answer is the value; call run_tools",
    "tool_choice": "the answer is the value; call run_tools",
    "parallel_tool_calls": "the answer is the value; call run_tools",
    # By `extra_body`: the keyword is the method's own.
    "response_format": "it is the type",
}
_NOT_RUN: Mapping[str, str] = {
    "stream": "tools are called when an answer is whole",
    "stream_options": "tools are called when an answer is whole",
    # By `extra_body`: the keyword is the method's own.
    "tools": "they are functions, given by the keyword",
}


class ChatCompletions:
    """The section "Chat Completions" of the OpenAI API reference, and what Python adds to it."""

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

    @spelled_out
    async def create(
        self, *, stream: bool | None = None, **parameters: Unpack[ChatParameters]
    ) -> ChatCompletion | ChatStream:
        """Answer a conversation; see `ChatParameters` for what it takes.

        With `stream=True` it returns a stream once the model is loaded and the request has been
        made, else the whole answer. A stream is an async iterator and an async context manager;
        leaving it stops the model. Read to its end, it has the whole answer in `final`.

        Reference: https://platform.openai.com/docs/api-reference/chat/create

        Cancelled, the model stops and is free for the next request; a request that waits for
        its turn is taken back.

        Raises:
            InvalidRequestError: A parameter cannot be honoured; `param` names it.
            ContextWindowError: The conversation is longer than the context window.
            RequestTimeoutError: It took longer than `timeout`.
            WebLLMError: The model could not be loaded, or not answer.
        """
        timeout = read_timeout(parameters.get("timeout"), self._timeout)
        body = request_body(parameters, tools=describe(parameters.get("tools")), stream=stream)
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

    @spelled_out
    async def parse(
        self, *, response_format: Any, **parameters: Unpack[ChatOptions]
    ) -> ParsedChatCompletion[Any]:
        """Answer a conversation with a value of the type `response_format`, in `parsed`.

        The type is a dataclass, a TypedDict, a pydantic class, or any that these are made of,
        for example `list[int]`. A grammar lets the model write nothing else; but the model is
        not told of it: name the fields in the prompt. Bound texts and lists, and `max_tokens`
        always suffices. There is one answer (`n`), no `stop`, no tool and no reasoning.

        Reference: https://platform.openai.com/docs/guides/structured-outputs

        Cancelled, the model stops and is free for the next request.

        Raises:
            TruncatedError: The answer was cut off at `max_tokens` or the context window.
            ParseError: The answer does not fit the type in a way no grammar can say, for
                example a validator of a pydantic class refused it.
            InvalidRequestError: The type has no schema, or a parameter cannot be honoured.
            RequestTimeoutError: It took longer than `timeout`.
            WebLLMError: The model could not be loaded, or not answer.
        """
        timeout = read_timeout(parameters.get("timeout"), self._timeout)
        body = one_answer_body(parameters, refused=_NOT_PARSED)
        body["response_format"] = response_format_of(response_format)
        completion = await whole(self._api.chat(body), timeout=timeout)
        return parsed_completion(response_format, completion)

    @spelled_out
    async def run_tools(
        self,
        *,
        tools: Sequence[Tool],
        max_rounds: int = 10,
        **parameters: Unpack[ToolRunParameters],
    ) -> tool_run.ToolRun:
        """Answer a conversation, calling functions that the model asks for, until it answers.

        `tools` are functions, plain or async, which signature and docstring describe to the
        model; a description as in the reference may stand beside a function of its name and
        replaces that. They are called one after another, with arguments of the types they
        declare. Text goes to the model as it is, all else as JSON. What a function raises goes
        to the log and to the model as `Error: …`, and so do arguments that do not fit.

        `max_rounds` is how often the model is asked at most, from 1. A `tool_choice` that asks
        for a call counts for the first round; `timeout` counts for each round's answer.

        Reference: https://platform.openai.com/docs/guides/function-calling

        Cancelled, the model or the function stops, and the engine is free for the next request.

        Raises:
            ToolRoundsError: The model still calls tools in the last round; `messages` is the
                conversation until there.
            TruncatedError: A call of a tool was cut off at `max_tokens` or the context window.
            InvalidRequestError: A function cannot be described, or a parameter not be honoured.
            RequestTimeoutError: A round took longer than `timeout`.
            WebLLMError: The model could not be loaded, or not answer.
        """
        timeout = read_timeout(parameters.get("timeout"), self._timeout)
        toolbox = Toolbox(tools)
        body = one_answer_body(parameters, refused=_NOT_RUN) | {"tools": toolbox.descriptions}

        async def ask(messages: Sequence[Message], tool_choice: object) -> ChatCompletion:
            round_body = request_body(body, messages=messages, tool_choice=tool_choice)
            return await whole(self._api.chat(round_body), timeout=timeout)

        return await tool_run.run_tools(
            ask,
            toolbox,
            cast("list[Message]", items("messages", body.get("messages") or ())),
            tool_choice=body.get("tool_choice"),
            max_rounds=max_rounds,
        )


class Chat:
    """The section "Chat" of the OpenAI API reference.

    Attributes:
        completions: Answers to conversations.
    """

    def __init__(self, api: Api, *, timeout: float | None) -> None:
        self.completions = ChatCompletions(api, timeout=timeout)
