"""The seam between Python and the engine: two Protocols.

`browser` implements them over JavaScript, the tests over plain Python. JSON text crosses, in
the shapes that `wire` reads and writes; errors cross as `WebLLMError`.
"""

from __future__ import annotations

from typing import Protocol

from .records import ModelRecord

__all__ = ["Bridge", "Stream"]


class Stream(Protocol):
    """Something that takes time and says so piece by piece."""

    async def next(self) -> str | None:
        """Wait for what has arrived since the last call; None at the end.

        Cancelled, it loses nothing and does not stop the work; call `stop` for that.

        Raises:
            WebLLMError: The work failed; the stream is over.
        """
        ...

    def stop(self) -> None:
        """Give the work up, now; a pending `next` returns None. May be called again."""
        ...


class Bridge(Protocol):
    """One engine, which runs one operation at a time, in the order of the calls."""

    async def locate(self, model: ModelRecord | None) -> ModelRecord:
        """Return the record with absolute addresses; None asks for the built-in model.

        Cancelled, it can be called again.

        Raises:
            WebLLMError: The built-in model's files are missing or could not be handed over.
        """
        ...

    def load(self, request: str) -> Stream:
        """Load a model: each text is the newest progress, the end means that it answers.

        Equal requests at the same time share one load, which ends when the last one stops.
        """
        ...

    def generate(self, request: str) -> Stream:
        """Generate with the model that is loaded when its turn comes.

        Each text is an array of all the chunks that wait.
        """
        ...

    def query(self, request: str) -> Stream:
        """Answer a question that needs no model: one text, then the end. Waits for nothing."""
        ...

    def watch(self) -> Stream:
        """Report what happens to the engine by itself: each text is an array of events."""
        ...

    async def dispose(self) -> None:
        """Free the engine and end all streams. May be called again.

        Cancelled, the engine is freed all the same.
        """
        ...
