"""An endless, seeded stream of conversations, split so that no person is in both splits."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from random import Random

from model.data.conversation import Conversation
from model.data.people.notes import Note
from model.data.people.person import Person
from model.data.turns.dialogue import draw_conversation

__all__ = ["SPLITS", "conversations", "split_of"]

SPLITS = ("train", "valid")
_VALID_SHARE = 50  # one combination of facts in 50 belongs to "valid"


def conversations(seed: int, split: str = "train", *, part: int = 0) -> Iterator[Conversation]:
    """Yield conversations indefinitely; equal arguments give equal conversations.

    `part` numbers independent streams, so that several processes can share the work. No person
    in "valid" has the combination of facts of a person in "train", whether the facts come from a
    form, from free text or from a change.

    Raises:
        ValueError: The split is neither "train" nor "valid".
    """
    if split not in SPLITS:
        raise ValueError(f"split must be one of {', '.join(SPLITS)}, got {split!r}")
    # Another seed string would change the training text and the cases of the evaluation.
    random = Random(f"{seed}/{split}/{part}")
    while True:
        yield draw_conversation(random, lambda person: split_of(person) == split)


def split_of(person: Person) -> str:
    """Return the split of a person; it depends on the given facts, in any case and order."""
    digest = hashlib.sha256(repr(_facts(person)).encode()).digest()
    return "valid" if int.from_bytes(digest[:4]) % _VALID_SHARE == 0 else "train"


def _facts(person: Person) -> list[object]:
    return [
        person.name.full.lower() if person.named else "",
        person.age.years if person.age else None,
        person.occupation.text.lower() if person.occupation else "",
        sorted(one.text.lower() for one in person.interests),
        (person.tone or "").lower(),
        sorted(map(_note_facts, person.notes)),
    ]


def _note_facts(note: Note) -> tuple[str, ...]:
    return (note.field, note.input.text, *(value.text for value in note.values.values()))
