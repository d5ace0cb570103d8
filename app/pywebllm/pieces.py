"""The pieces in which the engine sends an answer, of a chat or a text completion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from .types import TokenLogprob, Usage

__all__ = ["EndReason", "Piece"]

EndReason: TypeAlias = Literal["stop", "length", "tool_calls", "abort"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """What one chunk of the engine adds to an answer.

    Attributes:
        model: The id of the model.
        text: The text that the chunk adds; may be empty.
        end: The finish reason, with the last text or after it; None until then.
        logprobs: The tokens of this piece; empty unless they were requested.
        usage: The usage of the request, in its last piece.
    """

    model: str = ""
    text: str = ""
    end: EndReason | None = None
    logprobs: tuple[TokenLogprob, ...] = ()
    usage: Usage | None = None
