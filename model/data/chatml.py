"""ChatML, the text form in which the model sees a conversation. The only place that knows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["END", "PAD", "SPECIAL_TOKENS", "START", "Message", "prompt", "render", "spans"]

PAD, START, END = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
# Their positions are their token ids.
SPECIAL_TOKENS = (PAD, START, END)


class Message(NamedTuple):
    """One message: role is system, user or assistant."""

    role: str
    content: str


def render(messages: Sequence[Message]) -> str:
    """Return the whole conversation as text."""
    return "".join(text for text, _ in spans(messages))


def prompt(messages: Sequence[Message]) -> str:
    """Return the conversation as text up to the point where the assistant answers."""
    return f"{render(messages)}{START}assistant\n"


def spans(messages: Sequence[Message]) -> list[tuple[str, bool]]:
    """Return the conversation in pieces; True marks what the model writes itself.

    That is an answer with its end token, so the model learns to stop.
    """
    pieces: list[tuple[str, bool]] = []
    for role, content in messages:
        if role == "assistant":
            pieces += [(f"{START}assistant\n", False), (f"{content}{END}", True), ("\n", False)]
        else:
            pieces.append((f"{START}{role}\n{content}{END}\n", False))
    return pieces
