"""A bridge that loads by itself and answers with what the test gave it, in order."""

from __future__ import annotations

import json
from typing import Any

from pywebllm.bridge import Stream
from pywebllm.errors import ModelNotFoundError

from tests.unit.fakes import FakeBridge, FakeStream, chunk, last_chunk

__all__ = ["AnsweringBridge", "text_written", "written"]


def written(*texts: str, finish_reason: str = "stop") -> tuple[str, ...]:
    """Return what arrives of an answer of these pieces of text, to its end."""
    return (chunk(*texts), last_chunk(finish_reason=finish_reason))


def text_written(*texts: str) -> tuple[str, ...]:
    """Return what arrives of a plain text of these pieces, to its end."""
    *_, usage = json.loads(last_chunk())
    chunks = [_text_chunk(text) for text in texts] + [_text_chunk("", "stop"), usage]
    return (json.dumps(chunks),)


class AnsweringBridge(FakeBridge):
    """Each load ends at once; each request takes the next answer, without one it waits."""

    def __init__(self, *answers: tuple[str, ...], replies: dict[str, object] | None = None) -> None:
        super().__init__()
        self.answers = list(answers)
        self.streams: list[FakeStream] = []
        self.loaded: list[str] = []
        self.queried: list[dict[str, Any]] = []
        self.replies = replies or {}
        self.unknown: set[str] = set()  # models that are not found

    @property
    def requests(self) -> list[dict[str, Any]]:
        """What was generated: the bridge's requests with their `kind`."""
        return [json.loads(stream.request) for stream in self.streams]

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """The bodies of these requests, as WebLLM gets them."""
        return [request["request"] for request in self.requests]

    def load(self, request: str) -> Stream:
        """Load at once."""
        model = json.loads(request)["model"]
        self.loaded.append(model if isinstance(model, str) else model["model_id"])
        stream = FakeStream(request)
        if self.loaded[-1] in self.unknown:
            stream.fail(ModelNotFoundError(self.loaded[-1]))
        stream.end()
        return stream

    def generate(self, request: str) -> Stream:
        """Answer."""
        stream = super().generate(request)
        assert isinstance(stream, FakeStream)
        self.streams.append(stream)
        if self.answers:
            stream.push(*self.answers.pop(0)).end()
        return stream

    def query(self, request: str) -> Stream:
        """Reply to a question by its kind."""
        asked = json.loads(request)
        self.queried.append(asked)
        stream = FakeStream(request)
        stream.push(json.dumps(self.replies[asked["kind"]])).end()
        return stream


def _text_chunk(text: str, finish_reason: str | None = None) -> dict[str, object]:
    return {
        "id": "1",
        "model": "builtin",
        "created": 1,
        "object": "text_completion",
        "choices": [{"index": 0, "text": text, "finish_reason": finish_reason}],
    }
