"""Plain text completions and their chunks, as in the OpenAI reference's "Completions" section."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from .usage import Usage
from .value import Value

__all__ = ["Completion", "CompletionChoice", "CompletionLogprobs"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletionLogprobs(Value):
    """The tokens of a text in order, one entry of each list per token.

    Attributes:
        tokens: The tokens as text.
        token_logprobs: The natural logarithm of each one's probability.
        top_logprobs: The likeliest tokens at each place, with the same.
        text_offset: Where each token begins in the text, in characters.
    """

    tokens: tuple[str, ...]
    token_logprobs: tuple[float, ...]
    top_logprobs: tuple[Mapping[str, float], ...]
    text_offset: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletionChoice(Value):
    """One text, or a piece of it; in a piece `finish_reason` is None but for the last one."""

    _null_fields: ClassVar[frozenset[str]] = frozenset({"finish_reason", "logprobs"})

    index: int
    text: str
    finish_reason: Literal["stop", "length"] | None = None
    logprobs: CompletionLogprobs | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion(Value):
    """A whole text, or with `stream=True` a piece of it. `created`: in seconds since 1970.

    `system_fingerprint` is only of OpenAI's own servers.
    """

    id: str
    created: int
    model: str
    choices: tuple[CompletionChoice, ...]
    usage: Usage | None = None
    system_fingerprint: None = None
    object: Literal["text_completion"] = "text_completion"

    @property
    def text(self) -> str:
        """The text of the first choice, or what this piece adds to it."""
        return "".join(choice.text for choice in self.choices if choice.index == 0)
