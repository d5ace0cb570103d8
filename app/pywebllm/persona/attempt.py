"""Who waits for a load, so that several callers hear of one load, and of one failure."""

from __future__ import annotations

__all__ = ["Attempt"]


class Attempt:
    """One try to load, which all callers of `initialize` share that come while it runs.

    Each counts itself in by `with`; a failure or `close` ends it for those to come.
    """

    def __init__(self) -> None:
        self.has_failed = False
        self._callers = 0
        self._closed = False

    @property
    def is_running(self) -> bool:
        """True while someone waits for it."""
        return self._callers > 0 and not self._closed

    def fail(self) -> None:
        """End it for those to come: it has failed."""
        self.has_failed = self._closed = True

    def close(self) -> None:
        """End it for those to come."""
        self._closed = True

    def __enter__(self) -> None:
        self._callers += 1

    def __exit__(self, *raised: object) -> None:
        self._callers -= 1
