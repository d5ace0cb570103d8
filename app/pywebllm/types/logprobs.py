"""Log probabilities of the generated tokens and of their alternatives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from .value import Value

__all__ = ["ChoiceLogprobs", "TokenLogprob", "TopLogprob"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TopLogprob(Value):
    """An alternative token; `logprob` is the natural logarithm of its probability, 0 or less."""

    _null_fields: ClassVar[frozenset[str]] = frozenset({"bytes"})

    token: str
    logprob: float
    bytes: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenLogprob(Value):
    """A generated token, and the most likely tokens at its position.

    `logprob` is the natural logarithm of its probability, 0 or less. `bytes` are its bytes in
    UTF-8, as one character may be split into several tokens.
    """

    _null_fields: ClassVar[frozenset[str]] = frozenset({"bytes"})

    token: str
    logprob: float
    bytes: tuple[int, ...] | None = None
    top_logprobs: tuple[TopLogprob, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceLogprobs(Value):
    """The tokens of a choice, or of a chunk of it, in order."""

    content: tuple[TokenLogprob, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object of this value; the reference shows `refusal` as null."""
        return Value.to_dict(self) | {"refusal": None}
