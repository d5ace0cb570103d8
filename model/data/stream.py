"""An endless, seeded stream of conversations, split so that no form is in both halves."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from random import Random

from model.data.conversation import Conversation, Request, a_conversation

__all__ = ["SPLITS", "conversations", "split_of"]

SPLITS = ("train", "valid")
_VALID_SHARE = 50  # one form in so many


def conversations(seed: int, split: str = "train", *, part: int = 0) -> Iterator[Conversation]:
    """Yield conversations for ever; the same `seed`, `split` and `part` give the same ones.

    `part` numbers independent streams, so that several processes can share the work. "valid"
    holds only requests for personas, and no combination of fields that "train" has.

    Raises ValueError when the split is unknown.
    """
    if split not in SPLITS:
        raise ValueError(f"the split is one of {', '.join(SPLITS)}, got {split!r}")
    random = Random(f"{seed}/{split}/{part}")
    while True:
        conversation = a_conversation(random)
        halves = {split_of(request) for request in conversation.requests}
        if halves <= {split} and (halves or split == "train"):
            yield conversation


def split_of(request: Request) -> str:
    """Return the half a form belongs to, from its content alone, whatever its case and order."""
    fields = sorted(
        (name.lower(), " ".join(value.lower().split())) for name, value in request.fields.items()
    )
    digest = hashlib.sha256(repr(fields).encode()).digest()
    return "valid" if int.from_bytes(digest[:4]) % _VALID_SHARE == 0 else "train"
