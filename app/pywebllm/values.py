"""What comes back from the engine, as frozen values.

Names and shapes are those of the OpenAI API reference where it has them. All times are in
seconds. Nothing here knows JSON; `wire` builds these values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, TypeAlias

__all__ = [
    "Adapter",
    "ChatChunk",
    "ChunkChoice",
    "Completion",
    "Delta",
    "FinishReason",
    "LoadPhase",
    "LoadProgress",
    "Support",
    "Usage",
]

LoadPhase: TypeAlias = Literal["start", "fetch", "load", "compile", "ready"]
FinishReason: TypeAlias = Literal["stop", "length", "tool_calls", "abort"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadProgress:
    """How far a load has come.

    Attributes:
        phase: `start` (the worker), `fetch` (files from network or cache), `load` (weights to
            the GPU), `compile` (shaders), `ready` (the model has answered).
        ratio: 0 to 1 over the whole load; never falls within one load.
        text: One line for people.
        elapsed: Seconds since the load began.
    """

    phase: LoadPhase
    ratio: float
    text: str
    elapsed: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What one request used.

    Attributes:
        prompt_tokens: Tokens of the prompt.
        completion_tokens: Tokens of the answer.
        total_tokens: Both together.
        time_to_first_token: Seconds from the start of the request to its first token.
        prefill_tokens_per_second: Speed of reading the prompt.
        decode_tokens_per_second: Speed of writing the answer.
        end_to_end_latency: Seconds from the start of the request to its end.
    """

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    time_to_first_token: float | None = None
    prefill_tokens_per_second: float | None = None
    decode_tokens_per_second: float | None = None
    end_to_end_latency: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """What a chunk adds to a message."""

    role: str | None = None
    content: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkChoice:
    """What a chunk adds to the answer number `index`; `finish_reason` comes with the last one."""

    index: int
    delta: Delta
    finish_reason: FinishReason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatChunk:
    """A piece of a streamed answer; the last one has no choices and carries the usage.

    Attributes:
        id: The same for all chunks of an answer.
        model: The id of the model that answers.
        created: When the request began, in seconds since 1970.
        choices: Mostly one; more when several answers were asked for.
        usage: Only on the last chunk.
    """

    id: str
    model: str
    created: int
    choices: tuple[ChunkChoice, ...]
    usage: Usage | None = None

    @property
    def text(self) -> str:
        """What this chunk adds to the first answer; may be empty."""
        return "".join(choice.delta.content or "" for choice in self.choices if choice.index == 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """A whole answer: its text, why it ended, and what it used."""

    text: str
    finish_reason: FinishReason | None
    usage: Usage | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapter:
    """The GPU as the browser names it; any text may be empty, browsers hide much of it.

    `fallback` is true for a GPU that the browser computes on the processor.
    """

    vendor: str
    architecture: str
    description: str
    fallback: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Support:
    """Whether this browser can run a model; if not, what is missing and what to do.

    Attributes:
        ok: True when a model can be loaded.
        problem: What is missing, one sentence; empty when nothing is.
        advice: What to do about it; empty when there is nothing to do.
        adapter: The GPU, when there is one.
        features: WebGPU features of the adapter, for example `shader-f16`.
        limits: WebGPU limits of the adapter, by WebGPU's names.
    """

    ok: bool
    problem: str = ""
    advice: str = ""
    adapter: Adapter | None = None
    features: frozenset[str] = frozenset()
    limits: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
