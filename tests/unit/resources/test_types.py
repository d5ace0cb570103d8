"""Types inferred by type checkers; at run time `assert_type` does nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypedDict, assert_type

import pytest
from pydantic import BaseModel
from pywebllm.chat.stream import ChatStream
from pywebllm.client import AsyncWebLLM
from pywebllm.completions.stream import CompletionStream
from pywebllm.sync.client import WebLLM
from pywebllm.sync.streams import SyncStream
from pywebllm.types import (
    ChatCompletion,
    ChatCompletionChunk,
    Completion,
    ModelInfo,
    ModelList,
    ParsedChatCompletion,
)

from tests.unit.answering import AnsweringBridge, text_written, written

pytestmark = pytest.mark.timeout(20)

HELLO = [{"role": "user", "content": "Hello"}]
ADA = written('{"name": "Ada"}')


class One(TypedDict):
    name: str


class Two(BaseModel):
    name: str


@dataclass
class Three:
    name: str


async def test_type_checker_infers_the_result_of_each_method() -> None:
    streamed: tuple[str, ...] = ()
    chats = (written("Hi."), streamed, streamed, ADA, ADA, ADA, written('"a"'), written("[]"))
    bridge = AnsweringBridge(*chats, text_written("Hi."), streamed)

    async def opened() -> AnsweringBridge:
        return bridge

    flag = bool(bridge.answers)
    async with AsyncWebLLM(bridge=opened) as llm:
        chat = llm.chat.completions
        assert_type(await chat.create(messages=HELLO), ChatCompletion)
        assert_type(await chat.create(messages=HELLO, stream=True), ChatStream)
        assert_type(await chat.create(messages=HELLO, stream=flag), ChatCompletion | ChatStream)
        one = await chat.parse(messages=HELLO, response_format=One)
        assert_type(one, ParsedChatCompletion[One])
        assert_type((await chat.parse(messages=HELLO, response_format=Two)).parsed.name, str)
        assert_type((await chat.parse(messages=HELLO, response_format=Three)).parsed.name, str)
        either = await chat.parse(messages=HELLO, response_format=str | None)
        assert_type(either, ParsedChatCompletion[Any])
        assert_type((await chat.parse(messages=HELLO, response_format=list[int])).parsed, list[int])
        assert_type(await llm.completions.create(prompt="Hi"), Completion)
        assert_type(await llm.completions.create(prompt="Hi", stream=True), CompletionStream)


async def never_awaited(llm: AsyncWebLLM, flag: Literal["float", "base64"]) -> None:
    chat, embeddings = llm.chat.completions, llm.embeddings
    parsed = await chat.parse(messages=HELLO, response_format=Three)
    assert_type(parsed.choices[0].message.parsed, Three)
    one: Sequence[float] = (await embeddings.create(input="Hi")).data[0].embedding
    assert_type(one, Sequence[float])
    text = await embeddings.create(input="Hi", encoding_format="base64")
    assert_type(text.data[0].embedding, str)
    either = await embeddings.create(input="Hi", encoding_format=flag)
    assert_type(either.data[0].embedding, tuple[float, ...] | str)
    assert_type(await llm.models.list(), ModelList)
    assert_type([it async for it in llm.models.list()], list[ModelInfo])


def never_called(llm: WebLLM) -> None:
    chat = llm.chat.completions
    assert_type(chat.create(messages=HELLO), ChatCompletion)
    stream = chat.create(messages=HELLO, stream=True)
    assert_type(stream, SyncStream[ChatCompletionChunk, ChatCompletion])
    assert_type(next(stream), ChatCompletionChunk)
    assert_type(chat.parse(messages=HELLO, response_format=Three).parsed, Three)
    assert_type(llm.completions.create(prompt="Hi").text, str)
    assert_type(llm.embeddings.create(input="Hi").data[0].embedding, tuple[float, ...])
    assert_type(llm.models.list()[0], ModelInfo)
