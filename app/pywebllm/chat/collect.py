"""The answer of a chat, assembled from its chunks."""

from __future__ import annotations

from pywebllm.types import (
    ChatCompletion,
    ChatCompletionChunk,
    ChatCompletionMessage,
    Choice,
    ChoiceLogprobs,
    ChunkChoice,
    FinishReason,
    Function,
    TokenLogprob,
    ToolCall,
    ToolCallDelta,
    Usage,
)

__all__ = ["Collector"]


class Collector:
    """Assembles an answer from its chunks, added in order.

    The answer does not depend on how its text was split into chunks.
    """

    def __init__(self) -> None:
        self._choices: dict[int, _Choice] = {}
        self._last: ChatCompletionChunk | None = None
        self._usage: Usage | None = None

    @property
    def text(self) -> str:
        """The content of the first choice so far."""
        return "".join(self._choices[0].content) if 0 in self._choices else ""

    def add(self, chunk: ChatCompletionChunk) -> None:
        """Add the next chunk."""
        self._last = chunk
        self._usage = chunk.usage or self._usage
        for choice in chunk.choices:
            self._choices.setdefault(choice.index, _Choice()).add(choice)

    def completion(self, *, usage: Usage | None = None) -> ChatCompletion:
        """Return the whole answer; `usage` applies unless a chunk carried it.

        Raises:
            ValueError: Chunks are missing: none was added, or a choice has no finish reason.
        """
        if self._last is None:
            raise ValueError("no chunk was added")
        return ChatCompletion(
            id=self._last.id,
            created=self._last.created,
            model=self._last.model,
            choices=tuple(self._choices[index].whole(index) for index in sorted(self._choices)),
            usage=self._usage or usage,
        )


class _Choice:
    """One choice of the answer."""

    def __init__(self) -> None:
        self.content: list[str] = []
        self._reasoning: list[str] = []
        self._calls: dict[int, _Call] = {}
        self._logprobs: list[TokenLogprob] = []
        self._finish_reason: FinishReason | None = None

    def add(self, choice: ChunkChoice) -> None:
        delta = choice.delta
        self.content.append(delta.content or "")
        if delta.reasoning is not None:
            self._reasoning.append(delta.reasoning)
        for call in delta.tool_calls or ():
            self._calls.setdefault(call.index, _Call()).add(call)
        if choice.logprobs is not None:
            self._logprobs.extend(choice.logprobs.content)
        self._finish_reason = choice.finish_reason or self._finish_reason

    def whole(self, index: int) -> Choice:
        if self._finish_reason is None:
            raise ValueError(f"choice {index} has not ended")
        return Choice(
            index=index,
            message=self._message(),
            finish_reason=self._finish_reason,
            logprobs=self._whole_logprobs(),
        )

    def _whole_logprobs(self) -> ChoiceLogprobs | None:
        return ChoiceLogprobs(content=tuple(self._logprobs)) if self._logprobs else None

    def _message(self) -> ChatCompletionMessage:
        content = "".join(self.content)
        calls = tuple(self._calls[index].whole() for index in sorted(self._calls))
        return ChatCompletionMessage(
            content=None if calls and not content else content,
            # An empty block is kept: it belongs to the text of the history.
            reasoning="".join(self._reasoning) if self._reasoning else None,
            tool_calls=calls or None,
        )


class _Call:
    """One tool call."""

    def __init__(self) -> None:
        self._id = ""
        self._name = ""
        self._arguments: list[str] = []

    def add(self, delta: ToolCallDelta) -> None:
        self._id = delta.id or self._id
        self._name = delta.function.name or self._name
        self._arguments.append(delta.function.arguments or "")

    def whole(self) -> ToolCall:
        function = Function(name=self._name, arguments="".join(self._arguments))
        return ToolCall(id=self._id, function=function)
