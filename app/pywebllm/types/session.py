"""Resumable answers, which the browser stores."""

from __future__ import annotations

from dataclasses import dataclass

from .value import Value

__all__ = ["Session"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Session(Value):
    """A resumable answer in the browser's storage for this site.

    Attributes:
        id: The ID for `sessions.resume` and `sessions.delete`.
        model: The ID of the model that wrote it.
        resumable: True if it was interrupted and the model can continue it.
        reason: Why it ended or is not resumable, as reported by WebLLM; may be empty.
        completion_tokens: The number of tokens written so far.
    """

    id: str
    model: str
    resumable: bool
    reason: str
    completion_tokens: int
