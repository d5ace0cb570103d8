"""A `Runner` whose answers come from the test, with the real `EngineStream`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pywebllm.bridge import Stream
from pywebllm.engine.streams import EngineStream
from pywebllm.errors import WebLLMError
from pywebllm.records import Model
from pywebllm.wire import Kind

from tests.unit.fakes import FakeStream

__all__ = ["FakeRunner", "Request", "answer", "end", "piece", "text_piece", "usage"]


@dataclass
class Request:
    """A request as it reached the runner, and the stream of its answer."""

    kind: Kind
    body: Mapping[str, object]
    model: Model
    stream: FakeStream
    failure: WebLLMError | None = None
    is_open: bool = False

    async def open(self, stream: EngineStream) -> Stream:
        """Make the request for `stream`."""
        del stream
        if self.failure is not None:
            raise self.failure
        self.is_open = True
        return self.stream

    def push(self, *chunks: dict[str, Any]) -> Request:
        """Let these chunks arrive, each in its own batch."""
        self.stream.push(*(json.dumps([chunk]) for chunk in chunks))
        return self

    def finish(self, *chunks: dict[str, Any]) -> None:
        """Let these chunks arrive, then end the stream."""
        self.push(*chunks)
        self.stream.end()


@dataclass
class FakeRunner:
    """Returns streams; the answer of request number i is `answers[i]`, if there is one."""

    answers: Sequence[Sequence[dict[str, Any]]] = ()
    requests: list[Request] = field(default_factory=list)

    def stream(
        self, kind: Kind, body: Mapping[str, object], *, model: Model = None, loads: bool = True
    ) -> EngineStream:
        """Return a stream whose request is made when it is opened or first read."""
        number = len(self.requests)
        request = Request(kind, body, model, FakeStream())
        self.requests.append(request)
        if number < len(self.answers):
            request.finish(*self.answers[number])
        return EngineStream(request.open)


def piece(text: str, *, logprobs: object = None, model: str = "builtin") -> dict[str, Any]:
    """Return a chunk of a chat as WebLLM sends it."""
    delta = {"content": text, "role": "assistant"}
    return _chunk(model, {"delta": delta, "finish_reason": None, "logprobs": logprobs})


def text_piece(text: str, *, logprobs: object = None, model: str = "builtin") -> dict[str, Any]:
    """Return a chunk of a text completion as WebLLM sends it."""
    return _chunk(model, {"text": text, "finish_reason": None, "logprobs": logprobs})


def end(reason: str = "stop", *, kind: str = "chat") -> dict[str, Any]:
    """Return the chunk with the finish reason of an answer."""
    added: dict[str, Any] = {"delta": {}} if kind == "chat" else {"text": ""}
    return _chunk("builtin", {**added, "finish_reason": reason})


def usage(prompt_tokens: int = 3, completion_tokens: int = 2, **extra: object) -> dict[str, Any]:
    """Return the chunk with the usage of an answer."""
    counted = {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
        "extra": extra,
    }
    return {"id": "1", "model": "builtin", "choices": [], "created": 1, "usage": counted}


def answer(*texts: str, reason: str = "stop") -> list[dict[str, Any]]:
    """Return the chunks of a complete answer in a chat."""
    return [*(piece(text) for text in texts), end(reason), usage()]


def _chunk(model: str, choice: dict[str, Any]) -> dict[str, Any]:
    return {"id": "1", "model": model, "choices": [{"index": 0, **choice}], "created": 1}
