"""A training conversation: turns, each with what every right answer to it contains.

The evaluation replays the same turns, and judges the answers of a model by them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from model.data.chatml import Message
from model.data.people.person import Person

__all__ = ["KINDS", "Conversation", "Turn"]

KINDS = ("persona", "typed", "question", "unknown", "rewrite", "talk", "refusal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One request and the answer to learn.

    Attributes:
        asked: The new messages: a system message at most in the first turn, then the user's.
        answer: The assistant's message.
        kind: One of `KINDS`.
        person: The person it is about, with the facts that hold from this turn on; None for
            small talk.
        fields: The form; empty if the turn has none.
        keywords: By field, strings that every right answer contains, in any case. A "|" separates
            alternatives: "chess|tea" requires one of the two.
        absent: Strings that no right answer contains.
    """

    asked: tuple[Message, ...]
    answer: str
    kind: str
    person: Person | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    keywords: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    absent: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """Turns in their order."""

    turns: tuple[Turn, ...]

    @property
    def messages(self) -> tuple[Message, ...]:
        """Return all messages; the last one is an answer."""
        return tuple(
            message
            for turn in self.turns
            for message in (*turn.asked, Message("assistant", turn.answer))
        )

    @property
    def requests(self) -> tuple[Turn, ...]:
        """Return the turns that have a form."""
        return tuple(turn for turn in self.turns if turn.fields)
