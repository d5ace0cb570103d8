"""ChatML, the text format in which the model sees a conversation; no other module knows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["END", "PAD", "SPECIAL_TOKENS", "START", "Message", "prompt", "render", "spans"]

PAD, START, END = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
# Their positions are their token ids.
SPECIAL_TOKENS = (PAD, START, END)


class Message(NamedTuple):
    """One message; `role` is "system", "user" or "assistant"."""

    role: str
    content: str


def render(messages: Sequence[Message]) -> str:
    """Return the whole conversation as ChatML."""
    return "".join(text for text, _ in spans(messages))


def prompt(messages: Sequence[Message]) -> str:
    """Return the conversation as ChatML, up to where the assistant's next answer starts."""
    return f"{render(messages)}{START}assistant\n"


def spans(messages: Sequence[Message]) -> list[tuple[str, bool]]:
    """Return the conversation in pieces; True marks those that the model learns to write.

    These are the answers with their end token, so that the model also learns to stop.
    """
    pieces: list[tuple[str, bool]] = []
    for role, content in messages:
        if role == "assistant":
            pieces += [(f"{START}assistant\n", False), (f"{content}{END}", True), ("\n", False)]
        else:
            pieces.append((f"{START}{role}\n{content}{END}\n", False))
    return pieces
