"""Answers that can be gone on with after the tab was closed."""

from __future__ import annotations

from dataclasses import dataclass

from .value import Value

__all__ = ["Session"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Session(Value):
    """A resumable answer that is kept in the browser's own storage of this site.

    Attributes:
        id: What `sessions.resume` and `sessions.delete` name it by.
        model: The id of the model that wrote it.
        resumable: True when it was cut off and the model can go on.
        reason: Why it ended or cannot go on, in WebLLM's words; empty when it does not say.
        completion_tokens: Tokens written so far.
    """

    id: str
    model: str
    resumable: bool
    reason: str
    completion_tokens: int
