"""The type of functions that wait for an awaitable without `await`."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol, TypeVar

__all__ = ["Wait"]

T = TypeVar("T")


class Wait(Protocol):
    """Runs an awaitable to its end and returns its result, while the page stays responsive."""

    def __call__(self, awaitable: Awaitable[T], /) -> T:
        """Return the result of `awaitable`, or raise its error."""
        ...
