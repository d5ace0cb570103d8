"""Chat completions and their chunks, as in the OpenAI reference's "Chat" section.

`reasoning` is not in the reference: it is what a model wrote between `<think>` and `</think>`,
under the name that other servers of open models use.
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
    """The function of a call: its name, and its arguments as the JSON string the model wrote."""

    name: str
    arguments: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall(Value):
    """A tool call that the model requests; the message with its result refers to it by `id`."""

    id: str
    function: Function
    type: Literal["function"] = "function"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatCompletionMessage(Value):
    """The model's message; `messages` of the next request accepts it as it is.

    `content` is None if the model only called tools. Of a tag (`<think>`, `<tool_call>`) that was
    truncated nothing is left: the content is then the text before it, which may be empty, and
    `tool_calls` has no call whose name is not complete. `reasoning` is None if the model wrote no
    reasoning block, and empty if the block was empty, as with `enable_thinking` False.
    """

    _null_fields: ClassVar[frozenset[str]] = frozenset({"content", "refusal"})

    content: str | None
    reasoning: str | None = None
    tool_calls: tuple[ToolCall, ...] | None = None
    refusal: None = None
    role: Literal["assistant"] = "assistant"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(Value):
    """One choice of an answer.

    The `finish_reason` is `length` if it was truncated at `max_tokens` or at the end of the
    context window.
    """

    _null_fields: ClassVar[frozenset[str]] = frozenset({"logprobs"})

    index: int
    message: ChatCompletionMessage
    finish_reason: FinishReason
    logprobs: ChoiceLogprobs | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatCompletion(Value):
    """A whole answer. `created` is a Unix timestamp in seconds.

    `service_tier` and `system_fingerprint` are None: only OpenAI's servers set them.
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
        """The content of the first choice; empty if it has only tool calls."""
        return self.choices[0].message.content or ""

    @property
    def finish_reason(self) -> FinishReason:
        """The finish reason of the first choice."""
        return self.choices[0].finish_reason

    def _repr_html_(self) -> str:
        # Only notebooks ask for it.
        from .rich import chat_html  # noqa: PLC0415

        return chat_html(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedChatCompletionMessage(ChatCompletionMessage, Generic[T]):
    """The model's message with its content parsed into `parsed`."""

    parsed: T


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedChoice(Choice, Generic[T]):
    """A choice with a parsed message."""

    message: ParsedChatCompletionMessage[T]


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedChatCompletion(ChatCompletion, Generic[T]):
    """A whole answer with parsed messages."""

    choices: tuple[ParsedChoice[T], ...]

    @property
    def parsed(self) -> T:
        """The parsed value of the first choice."""
        return self.choices[0].message.parsed


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionDelta(Value):
    """What a chunk adds to a call: first the whole name, then pieces of the arguments."""

    name: str | None = None
    arguments: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCallDelta(Value):
    """What a chunk adds to the tool call with this index; only the first has `id` and `type`."""

    index: int
    function: FunctionDelta
    id: str | None = None
    type: Literal["function"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta(Value):
    """What a chunk adds to a message; only the first one has the role.

    `reasoning` is an empty string where a reasoning block begins.
    """

    role: Literal["assistant"] | None = None
    content: str | None = None
    reasoning: str | None = None
    tool_calls: tuple[ToolCallDelta, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkChoice(Value):
    """What a chunk adds to the choice with this index; only the last one has `finish_reason`."""

    _null_fields: ClassVar[frozenset[str]] = frozenset({"finish_reason", "logprobs"})

    index: int
    delta: Delta
    finish_reason: FinishReason | None = None
    logprobs: ChoiceLogprobs | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatCompletionChunk(Value):
    """A chunk of a streamed answer; all chunks of an answer share `id`, `created` and `model`.

    With `stream_options={"include_usage": True}` a last chunk without choices carries `usage`.
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
        """What this chunk adds to the content of the first choice; may be empty."""
        return "".join(choice.delta.content or "" for choice in self.choices if choice.index == 0)
