"""What one engine request says at a time, whether it writes a chat or a plain text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from .types import TokenLogprob, Usage

__all__ = ["EndReason", "Piece"]

EndReason: TypeAlias = Literal["stop", "length", "tool_calls", "abort"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """What a chunk of the engine adds.

    Attributes:
        model: The id of the model that writes.
        text: What it wrote; may be empty.
        end: Why it wrote no more, with its last text or after it; until then None.
        logprobs: The tokens that arrived with this piece; empty unless they were asked for.
        usage: What the request used; comes last.
    """

    model: str = ""
    text: str = ""
    end: EndReason | None = None
    logprobs: tuple[TokenLogprob, ...] = ()
    usage: Usage | None = None
