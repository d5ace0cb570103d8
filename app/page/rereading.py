"""What is read again from the store, with what was changed while it was read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

__all__ = ["with_changes"]

T = TypeVar("T")


def with_changes(
    found: Mapping[str, T], *, before: Mapping[str, T], now: Mapping[str, T]
) -> dict[str, T]:
    """Return what was found, except for what has been added, changed or removed meanwhile.

    Args:
        found: What the store had, at some time since the reading began.
        before: What was known when the reading began.
        now: What is known now.
    """
    changed = {key: value for key, value in now.items() if before.get(key) != value}
    removed = before.keys() - now.keys()
    return {key: value for key, value in {**found, **changed}.items() if key not in removed}
