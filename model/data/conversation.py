"""What a training conversation is: turns, each with what any right answer to it has.

The evaluation replays the same turns and judges other answers by them.
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
    """One exchange: what is asked, the answer to learn, and what any right answer has.

    `asked` is the system message where there is one, then the user's. `person` is whom it is
    about, as told from this turn on. `fields` is the form, empty where the turn had none.
    `keywords` holds, for each fact, words that a right answer contains in any case, where "|" parts
    ways to say it; `absent` are words that no right answer contains.
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
    """Turns, one after the other."""

    turns: tuple[Turn, ...]

    @property
    def messages(self) -> tuple[Message, ...]:
        """Return everything said; the last message is an answer."""
        return tuple(
            message
            for turn in self.turns
            for message in (*turn.asked, Message("assistant", turn.answer))
        )

    @property
    def requests(self) -> tuple[Turn, ...]:
        """Return the turns that had a form."""
        return tuple(turn for turn in self.turns if turn.fields)
