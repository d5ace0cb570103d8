"""From the engine's pieces to the chunks of a chat: reasoning, content and tool calls separated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from pywebllm.answers.chunks import ChunkFactory
from pywebllm.answers.totals import total_usage
from pywebllm.ids import new_id
from pywebllm.pieces import EndReason, Piece
from pywebllm.types import (
    ChatCompletion,
    ChatCompletionChunk,
    ChoiceLogprobs,
    ChunkChoice,
    Delta,
    FinishReason,
    ToolCallDelta,
    Usage,
)

from .call import ChatCall
from .collect import Collector
from .reasoning import ReasoningSplitter
from .tool_calls import ToolCallReader, one_for_each_call

__all__ = ["ChatWriter"]

_EMPTY = Delta()


class ChatWriter:
    """Writes the chunks of one request, and assembles the whole answer from the same chunks."""

    def __init__(self, call: ChatCall) -> None:
        self._call = call
        self._chunks = ChunkFactory(ChatCompletionChunk, id_prefix="chatcmpl")
        self._reader = _Reader(call)
        self._begun: set[int] = set()
        self._collector = Collector()
        self._usage: Usage | None = None

    @property
    def text(self) -> str:
        """The content of the first choice in the chunks noted so far."""
        return self._collector.text

    def write(self, index: int, piece: Piece) -> Iterator[ChatCompletionChunk]:
        """Return the chunks for a piece of the choice with this index."""
        self._chunks.set_model(piece.model)
        delta = self._reader.feed(piece.text)
        # Logprobs are sent with the piece of their tokens, even while its text is held back.
        logprobs = ChoiceLogprobs(content=piece.logprobs) if piece.logprobs else None
        if delta != _EMPTY or logprobs is not None:
            yield self._chunk(index, delta, logprobs=logprobs)
        if piece.end is not None:
            yield from self._end(index, piece.end)

    def end(self, usages: Sequence[Usage]) -> Iterator[ChatCompletionChunk]:
        """Return the chunks that follow all choices, given the usage of each choice."""
        self._usage = total_usage(usages, answers=len(usages))
        if self._call.include_usage:
            yield self._chunks.chunk(usage=self._usage)

    def note(self, chunk: ChatCompletionChunk) -> None:
        """Record a chunk that has been read."""
        self._collector.add(chunk)

    def final(self) -> ChatCompletion:
        """Return the whole answer; all its chunks must have been noted."""
        return self._collector.completion(usage=self._usage)

    def _end(self, index: int, reason: EndReason) -> Iterator[ChatCompletionChunk]:
        rest = self._reader.end(truncated=reason == "length")
        if rest != _EMPTY:
            yield self._chunk(index, rest)
        yield self._chunk(index, _EMPTY, finish_reason=self._finish_reason(reason))
        self._reader = _Reader(self._call)

    def _finish_reason(self, reason: EndReason) -> FinishReason:
        if reason == "length":
            return "length"
        return "tool_calls" if self._reader.has_calls else "stop"

    def _chunk(
        self,
        index: int,
        delta: Delta,
        *,
        finish_reason: FinishReason | None = None,
        logprobs: ChoiceLogprobs | None = None,
    ) -> ChatCompletionChunk:
        if index not in self._begun:
            self._begun.add(index)
            delta = replace(delta, role="assistant")
        return self._chunks.chunk(
            ChunkChoice(index=index, delta=delta, finish_reason=finish_reason, logprobs=logprobs)
        )


class _Reader:
    """Splits the text of one choice into reasoning, content and calls, as the call requires."""

    def __init__(self, call: ChatCall) -> None:
        self._splitter = ReasoningSplitter() if call.splits_reasoning else None
        self._calls = ToolCallReader(_new_call_id) if call.reads_tools else None

    @property
    def has_calls(self) -> bool:
        return self._calls is not None and self._calls.has_calls

    def feed(self, text: str) -> Delta:
        reasoning, content = (None, text) if self._splitter is None else self._splitter.feed(text)
        if self._calls is None:
            return _delta(reasoning, content)
        content, calls = self._calls.feed(content)
        return _delta(reasoning, content, calls)

    def end(self, *, truncated: bool) -> Delta:
        reasoning, held = None, ""
        if self._splitter is not None:
            reasoning, held = self._splitter.end(truncated=truncated)
        if self._calls is None:
            return _delta(reasoning, held)
        content, calls = self._calls.feed(held)
        more, more_calls = self._calls.end(truncated=truncated)
        return _delta(reasoning, content + more, (*calls, *more_calls))


def _delta(reasoning: str | None, content: str, calls: tuple[ToolCallDelta, ...] = ()) -> Delta:
    tool_calls = one_for_each_call(calls) or None
    return Delta(reasoning=reasoning, content=content or None, tool_calls=tool_calls)


def _new_call_id() -> str:
    return new_id("call_")
