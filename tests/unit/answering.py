"""A bridge that loads at once and answers with what the test gave it, in order."""

from __future__ import annotations

import json
from typing import Any

from pywebllm.bridge import Stream
from pywebllm.errors import ModelNotFoundError

from tests.unit.fakes import FakeBridge, FakeStream, chunk, last_chunk

__all__ = ["AnsweringBridge", "text_written", "written"]


def written(*texts: str, finish_reason: str = "stop") -> tuple[str, ...]:
    """Return the batches of a complete chat answer with these pieces of text."""
    return (chunk(*texts), last_chunk(finish_reason=finish_reason))


def text_written(*texts: str) -> tuple[str, ...]:
    """Return the batches of a complete text completion with these pieces of text."""
    *_, usage = json.loads(last_chunk())
    chunks = [_text_chunk(text) for text in texts] + [_text_chunk("", "stop"), usage]
    return (json.dumps(chunks),)


class AnsweringBridge(FakeBridge):
    """Each load ends at once; each request gets the next answer, or waits if there is none."""

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
        """The requests to generate, as JSON objects with their `kind`."""
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
        """Give the stream to the test, with the next answer."""
        stream = super().generate(request)
        assert isinstance(stream, FakeStream)
        self.streams.append(stream)
        if self.answers:
            stream.push(*self.answers.pop(0)).end()
        return stream

    def query(self, request: str) -> Stream:
        """Reply to a query by its kind."""
        query = json.loads(request)
        self.queried.append(query)
        stream = FakeStream(request)
        stream.push(json.dumps(self.replies[query["kind"]])).end()
        return stream


def _text_chunk(text: str, finish_reason: str | None = None) -> dict[str, object]:
    return {
        "id": "1",
        "model": "builtin",
        "created": 1,
        "object": "text_completion",
        "choices": [{"index": 0, "text": text, "finish_reason": finish_reason}],
    }
