"""The text of a chat's answer, as a stream of strings."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

from pywebllm.closing import AsyncClosing
from pywebllm.errors import WebLLMError
from pywebllm.types import ChatCompletion, Usage

from .stream import ChatStream

__all__ = ["TextStream"]


class TextStream(AsyncClosing, AsyncIterator[str]):
    """The text of one answer as an async iterator of non-empty strings.

    Cancelling a read stops the answer; the text read so far stays in `text`.

    Args:
        chunks: The stream of the answer's chunks.
        on_end: Called with the whole answer once the stream has been read to its end.
        on_error: Called with the error if the answer fails.
    """

    def __init__(
        self,
        chunks: ChatStream,
        *,
        on_end: Callable[[ChatCompletion], object] | None = None,
        on_error: Callable[[WebLLMError], object] | None = None,
    ) -> None:
        self._chunks = chunks
        self._on_end = on_end
        self._on_error = on_error
        self._stopped_by: WebLLMError | None = None

    @property
    def text(self) -> str:
        """The text read so far."""
        return self._chunks.text

    @property
    def final(self) -> ChatCompletion | None:
        """The whole answer once the stream has been read to its end; None before that."""
        return self._chunks.final

    @property
    def usage(self) -> Usage | None:
        """The usage once the stream has been read to its end; None before that."""
        return None if self.final is None else self.final.usage

    async def __anext__(self) -> str:
        """Return the next piece of text.

        On cancellation the answer stops, and the engine is free for the next request.

        Raises:
            StopAsyncIteration: The answer has ended.
            WebLLMError: The answer failed, which ends the stream.
            RuntimeError: Another task is reading this stream.
        """
        try:
            return await self._piece()
        except StopAsyncIteration:
            self._ended()
            raise
        except WebLLMError as error:
            # Who stopped the answer knows why.
            if self._on_error is not None and error is not self._stopped_by:
                self._on_error(error)
            raise

    async def aclose(self) -> None:
        """Stop the answer at once. Closing a stream that has ended does nothing."""
        await self._chunks.aclose()

    def stop(self, error: WebLLMError) -> None:
        """Stop the answer, now; reading it raises `error`, unless it is over."""
        if self.final is None:
            self._stopped_by = error
        self._chunks.close()

    async def _leave(self) -> None:
        await self.aclose()

    async def _piece(self) -> str:
        try:
            while True:
                chunk = await anext(self._chunks)
                if chunk.text:
                    return chunk.text
        except StopAsyncIteration:
            if self._stopped_by is None or self.final is not None:
                raise
            raise self._stopped_by from None

    def _ended(self) -> None:
        if self.final is not None and self._on_end is not None:
            self._on_end(self.final)
            self._on_end = None
