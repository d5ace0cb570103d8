"""Whose cancellation a `CancelledError` is."""

from __future__ import annotations

import asyncio

__all__ = ["is_cancelled"]


def is_cancelled() -> bool:
    """Return True if the current task is being cancelled, not just what it awaited."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0
