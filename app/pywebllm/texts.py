"""The text of one answer, while it is written."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import Any, Self

from .errors import WebLLMError
from .streams import EngineStream
from .types import Usage

__all__ = ["TextStream"]


class TextStream(AsyncIterator[str]):
    """The text of one answer, piece by piece; empty pieces are left out."""

    def __init__(
        self,
        chunks: EngineStream,
        *,
        on_end: Callable[[Usage | None], object],
        on_error: Callable[[WebLLMError], object],
    ) -> None:
        self._chunks = chunks
        self._on_end: Callable[[Usage | None], object] | None = on_end
        self._on_error = on_error
        self.text = ""
        self.usage: Usage | None = None

    async def __anext__(self) -> str:
        """Return the next piece of text."""
        try:
            while True:
                chunk = await anext(self._chunks)
                if piece := self._note(chunk):
                    return piece
        except StopAsyncIteration:
            if self.usage is not None and self._on_end is not None:
                self._on_end(self.usage)
                self._on_end = None
            raise
        except WebLLMError as error:
            self._on_error(error)
            raise

    async def aclose(self) -> None:
        """Stop the answer; nothing happens when it is over. Takes effect at once."""
        self._chunks.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    def _note(self, chunk: dict[str, Any]) -> str:
        if found := chunk.get("usage"):
            extra = found.get("extra") or {}
            self.usage = Usage(
                prompt_tokens=found["prompt_tokens"],
                completion_tokens=found["completion_tokens"],
                total_tokens=found["total_tokens"],
                time_to_first_token=extra.get("time_to_first_token_s"),
                prefill_tokens_per_second=extra.get("prefill_tokens_per_s"),
                decode_tokens_per_second=extra.get("decode_tokens_per_s"),
                end_to_end_latency=extra.get("e2e_latency_s"),
            )
        piece = "".join(choice["delta"].get("content") or "" for choice in chunk["choices"])
        self.text += piece
        return piece
