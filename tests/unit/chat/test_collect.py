"""The answer assembled from its chunks."""

from __future__ import annotations

import pytest
from pywebllm.chat.collect import Collector
from pywebllm.types import (
    ChatCompletionChunk,
    ChunkChoice,
    Delta,
    FinishReason,
    Function,
    FunctionDelta,
    ToolCall,
    ToolCallDelta,
    Usage,
)

USAGE = Usage(prompt_tokens=1, completion_tokens=1, total_tokens=2)


def chunk(
    delta: Delta, *, index: int = 0, finish_reason: FinishReason | None = None
) -> ChatCompletionChunk:
    choice = ChunkChoice(index=index, delta=delta, finish_reason=finish_reason)
    return ChatCompletionChunk(id="i", created=1, model="m", choices=(choice,))


def test_arguments_of_parallel_calls_are_collected_separately() -> None:
    collector = Collector()
    for index in (0, 1):
        begun = FunctionDelta(name=f"f{index}", arguments="")
        call = ToolCallDelta(index=index, id=f"c{index}", type="function", function=begun)
        collector.add(chunk(Delta(tool_calls=(call,))))
        for part in ("{", "}"):
            more = ToolCallDelta(index=index, function=FunctionDelta(arguments=part))
            collector.add(chunk(Delta(tool_calls=(more,))))
    collector.add(chunk(Delta(), finish_reason="tool_calls"))
    message = collector.completion(usage=USAGE).choices[0].message
    assert message.content is None
    assert message.tool_calls == tuple(
        ToolCall(id=f"c{index}", function=Function(name=f"f{index}", arguments="{}"))
        for index in (0, 1)
    )


def test_content_beside_a_call_stays_in_the_message() -> None:
    collector = Collector()
    call = ToolCallDelta(index=0, id="c", function=FunctionDelta(name="f", arguments="{}"))
    collector.add(chunk(Delta(content="Wait.", tool_calls=(call,)), finish_reason="tool_calls"))
    message = collector.completion().choices[0].message
    assert message.content == "Wait."
    assert message.tool_calls is not None


def test_collected_text_is_that_of_the_first_choice() -> None:
    collector = Collector()
    assert collector.text == ""
    collector.add(chunk(Delta(content="b"), index=1))
    assert collector.text == ""
    collector.add(chunk(Delta(content="a"), index=0))
    assert collector.text == "a"


def test_usage_comes_from_its_chunk_or_from_the_caller() -> None:
    collector = Collector()
    collector.add(chunk(Delta(), finish_reason="stop"))
    assert collector.completion().usage is None
    assert collector.completion(usage=USAGE).usage is USAGE
    collector.add(ChatCompletionChunk(id="i", created=1, model="m", choices=(), usage=USAGE))
    assert collector.completion().usage is USAGE


def test_completion_without_chunks_is_an_error() -> None:
    with pytest.raises(ValueError, match="no chunk"):
        Collector().completion()


def test_completion_without_finish_reason_is_an_error() -> None:
    collector = Collector()
    collector.add(chunk(Delta(content="a")))
    with pytest.raises(ValueError, match="has not ended"):
        collector.completion()
