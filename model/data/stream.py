"""An endless, seeded stream of conversations, split so that nobody is in both halves."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from random import Random

from model.data.conversation import Conversation
from model.data.people.notes import Note
from model.data.people.person import Person
from model.data.turns.dialogue import a_conversation

__all__ = ["SPLITS", "conversations", "split_of"]

SPLITS = ("train", "valid")
_VALID_SHARE = 50  # one combination of facts in so many


def conversations(seed: int, split: str = "train", *, part: int = 0) -> Iterator[Conversation]:
    """Yield conversations for ever; the same `seed`, `split` and `part` give the same ones.

    `part` numbers independent streams, so that several processes can share the work. "valid"
    holds nobody with a combination of facts that "train" has, be it from a form, in words or
    after a change.

    Raises ValueError when the split is unknown.
    """
    if split not in SPLITS:
        raise ValueError(f"the split is one of {', '.join(SPLITS)}, got {split!r}")
    random = Random(f"{seed}/{split}/{part}")
    while True:
        yield a_conversation(random, lambda person: split_of(person) == split)


def split_of(person: Person) -> str:
    """Return the half somebody belongs to, from the given facts alone, however they are typed."""
    digest = hashlib.sha256(repr(_facts(person)).encode()).digest()
    return "valid" if int.from_bytes(digest[:4]) % _VALID_SHARE == 0 else "train"


def _facts(person: Person) -> list[object]:
    return [
        person.name.full.lower() if person.named else "",
        person.age.years if person.age else None,
        person.occupation.text.lower() if person.occupation else "",
        sorted(one.text.lower() for one in person.interests),
        (person.tone or "").lower(),
        sorted(map(_note, person.notes)),
    ]


def _note(note: Note) -> tuple[str, ...]:
    return (note.field, note.typed.text, *(value.text for value in note.values.values()))
