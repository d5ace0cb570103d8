"""Replay the stored text of a session as if the engine generated it; needs no model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeAlias

from pywebllm.engine.engine import Kind
from pywebllm.engine.streams import EngineStream
from pywebllm.errors import EngineError
from pywebllm.records import Model
from pywebllm.types import Session

__all__ = ["KeptAnswer"]

_FINISHED = "generation finished"  # WebLLM's reason for an answer that is complete

_Chunk: TypeAlias = dict[str, Any]


class KeptAnswer:
    """A runner whose only answer is the stored text of a session.

    Args:
        session: The session.
        found: The bridge's result of the query `sessions.text`.

    Raises:
        EngineError: `found` could not be parsed.
    """

    def __init__(self, session: Session, found: Any) -> None:
        self._session = session
        try:
            self._text = str(found["text"])
            self._completion_tokens = int(found["completion_tokens"])
        except (KeyError, TypeError, ValueError) as error:
            raise EngineError(
                f"the stored answer could not be parsed: {str(found)[:200]}"
            ) from error

    def stream(
        self, kind: Kind, body: Mapping[str, object], *, model: Model = None, loads: bool = True
    ) -> EngineStream:
        """Return the text, its finish reason and what is known of its usage, as WebLLM's chunks."""
        del kind, body, model, loads
        return EngineStream(self._open)

    async def _open(self, stream: EngineStream) -> _Once:
        del stream
        reason = "stop" if self._session.reason == _FINISHED else "length"
        usage = {
            "prompt_tokens": 0,
            "completion_tokens": self._completion_tokens,
            "total_tokens": self._completion_tokens,
        }
        written = self._chunk({"delta": {"content": self._text}, "finish_reason": None})
        ended = self._chunk({"delta": {}, "finish_reason": reason})
        return _Once(json.dumps([written, ended, {**ended, "choices": [], "usage": usage}]))

    def _chunk(self, choice: _Chunk) -> _Chunk:
        return {"model": self._session.model, "choices": [{"index": 0, **choice}]}


class _Once:
    """A stream of one string."""

    def __init__(self, text: str) -> None:
        self._text: str | None = text

    async def next(self) -> str | None:
        text, self._text = self._text, None
        return text

    def stop(self) -> None:
        self._text = None
