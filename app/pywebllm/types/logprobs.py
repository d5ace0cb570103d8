"""How likely the written tokens were, and what else might have been written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from .value import Value

__all__ = ["ChoiceLogprobs", "TokenLogprob", "TopLogprob"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TopLogprob(Value):
    """A token that might have been written; `logprob` is its natural logarithm, 0 or less."""

    _null_fields: ClassVar[frozenset[str]] = frozenset({"bytes"})

    token: str
    logprob: float
    bytes: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenLogprob(Value):
    """A token that was written, and the likeliest ones at its place.

    `bytes` are its bytes in UTF-8: a character may be spread over several tokens.
    """

    _null_fields: ClassVar[frozenset[str]] = frozenset({"bytes"})

    token: str
    logprob: float
    bytes: tuple[int, ...] | None = None
    top_logprobs: tuple[TopLogprob, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceLogprobs(Value):
    """The tokens of an answer, or of one piece of it, in order."""

    content: tuple[TokenLogprob, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object of this value; the reference shows `refusal` as null."""
        return Value.to_dict(self) | {"refusal": None}
