"""Text completions and their chunks, as in the OpenAI reference's "Completions" section."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from .usage import Usage
from .value import Value

__all__ = ["Completion", "CompletionChoice", "CompletionLogprobs"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletionLogprobs(Value):
    """The tokens of a text in order; each field has one entry per token.

    Attributes:
        tokens: The tokens as strings.
        token_logprobs: The natural logarithm of each token's probability, 0 or less.
        top_logprobs: The most likely tokens at each position, mapped to their log probability.
        text_offset: Where each token begins in the text, in characters.
    """

    tokens: tuple[str, ...]
    token_logprobs: tuple[float, ...]
    top_logprobs: tuple[Mapping[str, float], ...]
    text_offset: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletionChoice(Value):
    """One choice, or what a chunk adds to it; only the last chunk has a `finish_reason`."""

    _null_fields: ClassVar[frozenset[str]] = frozenset({"finish_reason", "logprobs"})

    index: int
    text: str
    finish_reason: Literal["stop", "length"] | None = None
    logprobs: CompletionLogprobs | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion(Value):
    """A whole completion, or with `stream=True` a chunk of it.

    `created` is a Unix timestamp in seconds. `system_fingerprint` is None: only OpenAI's servers
    set it.
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
        """The text of the first choice, or what this chunk adds to it."""
        return "".join(choice.text for choice in self.choices if choice.index == 0)

    def _repr_html_(self) -> str:
        # Only notebooks ask for it.
        from .rich import completion_html  # noqa: PLC0415

        return completion_html(self)
