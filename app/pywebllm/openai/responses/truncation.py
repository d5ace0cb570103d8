"""`truncation`: a conversation that is too long, without its oldest turns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

__all__ = ["without_oldest_turn"]

Message: TypeAlias = dict[str, object]

_INSTRUCTIONS = ("system", "developer")


def without_oldest_turn(messages: Sequence[Message]) -> list[Message] | None:
    """Return the messages from the second one of the user on, after the instructions at the start.

    None if there is only one turn.
    """
    roles = [message["role"] for message in messages]
    first = next((i for i, role in enumerate(roles) if role not in _INSTRUCTIONS), len(roles))
    second = next((i for i in range(first + 1, len(roles)) if roles[i] == "user"), None)
    return None if second is None else [*messages[:first], *messages[second:]]
