"""New messages, and edited ones as new versions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from .messages import Message

__all__ = ["Drafting"]


class Drafting:
    """Makes messages, each with an ID and a time of its own."""

    def __init__(self, *, new_id: Callable[[], str], now: Callable[[], int]) -> None:
        self._new_id = new_id
        self._now = now

    def question(self, parent: str, words: str, images: Sequence[str]) -> Message:
        """Return a message of the visitor."""
        return Message(
            id=self._new_id(),
            parent=parent,
            role="user",
            text=words,
            images=tuple(images),
            created=self._now(),
        )

    def answer(self, parent: str, *, model: str, is_typed: bool) -> Message:
        """Return an answer that is to be written."""
        return Message(
            id=self._new_id(),
            parent=parent,
            role="assistant",
            state="writing",
            is_typed=is_typed,
            model=model,
            created=self._now(),
        )

    def edited(self, message: Message, words: str) -> Message:
        """Return another version of a message."""
        return replace(
            message,
            id=self._new_id(),
            text=words,
            state="done",
            problem="",
            detail="",
            speed=None,
            created=self._now(),
        )
