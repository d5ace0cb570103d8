"""What a run needs: elements of the view, and a worker; `dom` and `process` have them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from .view import Screen

__all__ = ["Process", "RunPage"]


class RunPage(Protocol):
    """The elements of the view that have to do with a run."""

    def code(self) -> str:
        """Return the program in the editor."""
        ...

    def show(self, screen: Screen) -> None:
        """Show the state of the run."""
        ...

    def clear(self) -> None:
        """Remove the output and the mark of an error."""
        ...

    def append_text(self, words: str, *, is_error: bool) -> None:
        """Append what the program wrote."""
        ...

    def append_part(self, part: Mapping[str, Any]) -> None:
        """Append a value, see `program.display.Part`."""
        ...

    def append_note(self, words: str) -> None:
        """Append a line of the page's own."""
        ...

    def mark(self, line: int, message: str) -> None:
        """Mark a line of the program, counted from 1."""
        ...


class Process(Protocol):
    """A worker with Python of its own."""

    @property
    def can_interrupt(self) -> bool:
        """True if `interrupt` works: only where the page is isolated from other origins."""
        ...

    def start(self, on_message: Callable[[str], object]) -> None:
        """Start it; call `on_message` with each of its messages, JSON strings."""
        ...

    def send(self, message: Mapping[str, object]) -> None:
        """Send a message, see static/python/worker.js."""
        ...

    def interrupt(self) -> None:
        """Raise KeyboardInterrupt in the program, wherever it is."""
        ...

    def end(self) -> None:
        """End the worker with all that it does."""
        ...
