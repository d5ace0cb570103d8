"""Chat completions and their chunks, as in the OpenAI reference's "Chat" section.

`reasoning` is not OpenAI's: it is what a model wrote between `<think>` and `</think>`, under the
name that other servers of open models give it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Generic, Literal, TypeAlias, TypeVar

from .logprobs import ChoiceLogprobs
from .usage import Usage
from .value import Value

__all__ = [
    "ChatCompletion",
    "ChatCompletionChunk",
    "ChatCompletionMessage",
    "Choice",
    "ChunkChoice",
    "Delta",
    "FinishReason",
    "Function",
    "FunctionDelta",
    "ParsedChatCompletion",
    "ParsedChatCompletionMessage",
    "ParsedChoice",
    "ToolCall",
    "ToolCallDelta",
]

FinishReason: TypeAlias = Literal["stop", "length", "tool_calls"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Function(Value):
    """A call: the name, and the arguments as JSON text, just as the model wrote them."""

    name: str
    arguments: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall(Value):
    """A tool that the model wants to be called; `id` goes back with the result."""

    id: str
    function: Function
    type: Literal["function"] = "function"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatCompletionMessage(Value):
    """The model's message; it can be put into `messages` of the next request as it is.

    `content` is None when the model only called tools. `reasoning` is None when the model wrote
    no block of it, and empty when the block was empty, as `enable_thinking` False makes it.
    """

    _null_fields: ClassVar[frozenset[str]] = frozenset({"content", "refusal"})

    content: str | None
    reasoning: str | None = None
    tool_calls: tuple[ToolCall, ...] | None = None
    refusal: None = None
    role: Literal["assistant"] = "assistant"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(Value):
    """One of the answers. `length` says that it was cut off at `max_tokens` or the context."""

    _null_fields: ClassVar[frozenset[str]] = frozenset({"logprobs"})

    index: int
    message: ChatCompletionMessage
    finish_reason: FinishReason
    logprobs: ChoiceLogprobs | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatCompletion(Value):
    """A whole answer. `created` is in seconds since 1970.

    `service_tier` and `system_fingerprint` are only of OpenAI's own servers.
    """

    id: str
    created: int
    model: str
    choices: tuple[Choice, ...]
    usage: Usage | None = None
    service_tier: None = None
    system_fingerprint: None = None
    object: Literal["chat.completion"] = "chat.completion"

    @property
    def text(self) -> str:
        """The text of the first answer; empty when it only called tools."""
        return self.choices[0].message.content or ""

    @property
    def finish_reason(self) -> FinishReason:
        """Why the first answer ended."""
        return self.choices[0].finish_reason


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedChatCompletionMessage(ChatCompletionMessage, Generic[T]):
    """The model's message, and the value that its content stands for."""

    parsed: T


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedChoice(Choice, Generic[T]):
    """An answer that was read as a value."""

    message: ParsedChatCompletionMessage[T]


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedChatCompletion(ChatCompletion, Generic[T]):
    """A whole answer that was read as a value."""

    choices: tuple[ParsedChoice[T], ...]

    @property
    def parsed(self) -> T:
        """The value that the first answer stands for."""
        return self.choices[0].message.parsed


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionDelta(Value):
    """What a chunk adds to a call: the name comes whole and first, then the arguments."""

    name: str | None = None
    arguments: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCallDelta(Value):
    """What a chunk adds to the tool call number `index`; `id` and `type` come with the first."""

    index: int
    function: FunctionDelta
    id: str | None = None
    type: Literal["function"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta(Value):
    """What a chunk adds to a message; the role comes with the first one.

    An empty `reasoning` comes where a block of reasoning begins.
    """

    role: Literal["assistant"] | None = None
    content: str | None = None
    reasoning: str | None = None
    tool_calls: tuple[ToolCallDelta, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkChoice(Value):
    """What a chunk adds to the answer number `index`; `finish_reason` comes with the last one."""

    _null_fields: ClassVar[frozenset[str]] = frozenset({"finish_reason", "logprobs"})

    index: int
    delta: Delta
    finish_reason: FinishReason | None = None
    logprobs: ChoiceLogprobs | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatCompletionChunk(Value):
    """A piece of a streamed answer; all of an answer share `id`, `created` and `model`.

    With `stream_options={"include_usage": True}` a last one without choices carries `usage`.
    """

    id: str
    created: int
    model: str
    choices: tuple[ChunkChoice, ...]
    usage: Usage | None = None
    service_tier: None = None
    system_fingerprint: None = None
    object: Literal["chat.completion.chunk"] = "chat.completion.chunk"

    @property
    def text(self) -> str:
        """What this chunk adds to the content of the first answer; may be empty."""
        return "".join(choice.delta.content or "" for choice in self.choices if choice.index == 0)
