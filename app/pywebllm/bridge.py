"""The interface between Python and the engine: two Protocols.

`browser` implements them over JavaScript, the tests in plain Python. JSON strings cross, which
`wire` reads and writes; errors cross as `WebLLMError`.
"""

from __future__ import annotations

from typing import Protocol

from .records import ModelRecord

__all__ = ["Bridge", "Stream"]


class Stream(Protocol):
    """Work in progress whose results arrive as strings, one after another."""

    async def next(self) -> str | None:
        """Wait for what has arrived since the last call; None at the end.

        Cancelled, nothing is lost and the work goes on; call `stop` to end it.

        Raises:
            WebLLMError: The work failed; the stream is over.
        """
        ...

    def stop(self) -> None:
        """Stop the work at once; a pending `next` returns None. May be called again."""
        ...


class Bridge(Protocol):
    """An engine that runs one operation at a time, in the order of the calls."""

    @property
    def is_shared(self) -> bool:
        """True if the engine belongs to all pages of the origin."""
        ...

    async def locate(self, model: ModelRecord | None) -> ModelRecord:
        """Return the record with absolute URLs; None is the built-in model.

        Cancelled, it can be called again.

        Raises:
            WebLLMError: The built-in model's files are missing or could not be published.
        """
        ...

    def load(self, request: str) -> Stream:
        """Load a model: each string is the latest progress; at the end the model answers.

        Concurrent equal requests share one load, which is cancelled when all of them stop.
        """
        ...

    def generate(self, request: str) -> Stream:
        """Generate with the model that is loaded when the request runs.

        Each string is an array of all the chunks that have arrived.
        """
        ...

    def query(self, request: str) -> Stream:
        """Run a query that needs no model: one string, then the end.

        Queries about files send any number of strings with their progress before that. It waits
        neither for loads nor for answers.
        """
        ...

    def watch(self) -> Stream:
        """Report the events of the engine, such as its loss: each string is an array of events."""
        ...

    def in_use_by(self) -> int:
        """Return how many other clients, of this page or others, use the model; 0 if not shared."""
        ...

    async def unload(self, *, force: bool) -> None:
        """Before `dispose`: stop using a shared model, which is unloaded if nobody else uses it.

        Cancelled, it is unloaded nevertheless.

        Args:
            force: True unloads it in any case; others get `ModelUnloadedError`.
        """
        ...

    async def dispose(self) -> None:
        """Free the engine and end all streams. May be called again.

        Cancelled, the engine is freed nevertheless.
        """
        ...
