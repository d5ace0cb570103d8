"""What the engine writes in a chat, as OpenAI's chunks: reasoning, content and calls apart."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from uuid import uuid4

from pywebllm.answers.totals import total_usage
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
from .tool_calls import ToolCallReader

__all__ = ["ChatWriter"]

_NOTHING = Delta()


class ChatWriter:
    """Writes the chunks of one request, and the whole answer from the same chunks.

    All chunks share an id of ours: the answers of one request are several requests to the engine.
    """

    def __init__(self, call: ChatCall) -> None:
        self._call = call
        self._id = f"chatcmpl-{uuid4().hex}"
        self._created = int(time.time())
        self._model = ""
        self._reader = _Reader(call)
        self._begun: set[int] = set()
        self._collector = Collector()
        self._usage: Usage | None = None

    @property
    def text(self) -> str:
        """The content of the first answer in the chunks that were noted."""
        return self._collector.text

    def write(self, index: int, piece: Piece) -> Iterator[ChatCompletionChunk]:
        """Return the chunks that this piece of the answer number `index` makes."""
        self._model = self._model or piece.model
        delta = self._reader.feed(piece.text)
        # Logprobs go with the piece their tokens came in, even while its text is held back.
        logprobs = ChoiceLogprobs(content=piece.logprobs) if piece.logprobs else None
        if delta != _NOTHING or logprobs is not None:
            yield self._chunk(index, delta, logprobs=logprobs)
        if piece.end is not None:
            yield from self._end(index, piece.end)

    def end(self, usages: Sequence[Usage]) -> Iterator[ChatCompletionChunk]:
        """Return the chunks that follow all answers; they used this, one after another."""
        self._usage = total_usage(usages, answers=len(usages))
        if self._call.include_usage:
            yield ChatCompletionChunk(
                id=self._id,
                created=self._created,
                model=self._model,
                choices=(),
                usage=self._usage,
            )

    def note(self, chunk: ChatCompletionChunk) -> None:
        """Take note of a chunk that is now read."""
        self._collector.add(chunk)

    def final(self) -> ChatCompletion:
        """Return the whole answer; all its chunks have been noted."""
        return self._collector.completion(usage=self._usage)

    def _end(self, index: int, reason: EndReason) -> Iterator[ChatCompletionChunk]:
        rest = self._reader.end()
        if rest != _NOTHING:
            yield self._chunk(index, rest)
        yield self._chunk(index, _NOTHING, finish_reason=self._finish_reason(reason))
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
        choice = ChunkChoice(
            index=index, delta=delta, finish_reason=finish_reason, logprobs=logprobs
        )
        return ChatCompletionChunk(
            id=self._id, created=self._created, model=self._model, choices=(choice,)
        )


class _Reader:
    """Tells reasoning, content and calls of one answer apart, as far as the call asks for it."""

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

    def end(self) -> Delta:
        reasoning, held = (None, "") if self._splitter is None else self._splitter.end()
        if self._calls is None:
            return _delta(reasoning, held)
        content, calls = self._calls.feed(held)
        more, more_calls = self._calls.end()
        return _delta(reasoning, content + more, (*calls, *more_calls))


def _delta(reasoning: str | None, content: str, calls: tuple[ToolCallDelta, ...] = ()) -> Delta:
    return Delta(reasoning=reasoning, content=content or None, tool_calls=calls or None)


def _new_call_id() -> str:
    return f"call_{uuid4().hex}"
