"""An implementation of the bridge's Protocols for tests, and the JSON strings that cross it.

A `FakeBridge` does nothing by itself: a test gets each stream as it is opened and decides what
happens on it, so no test waits for a fixed time.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

from pywebllm.bridge import Stream
from pywebllm.errors import DisposedError, WebLLMError
from pywebllm.records import ModelRecord

__all__ = ["BUILTIN", "FakeBridge", "FakeStream", "chunk", "last_chunk", "loss", "progress"]

BUILTIN = ModelRecord(
    model_id="builtin", model="https://fake/model/", model_lib="https://fake/model.wasm"
)


class FakeStream:
    """A stream whose strings come from the test.

    `read` is set while a task waits in `next`, `stops` counts the calls of `stop`.
    """

    def __init__(self, request: str = "") -> None:
        self.request = request
        self.read = asyncio.Event()
        self.stops = 0
        self._waiting: asyncio.Queue[str | WebLLMError | None] = asyncio.Queue()
        self._over = False

    def push(self, *texts: str) -> FakeStream:
        """Let these strings arrive."""
        for text in texts:
            self._waiting.put_nowait(text)
        return self

    def end(self) -> None:
        """Let the stream end."""
        self._waiting.put_nowait(None)

    def fail(self, error: WebLLMError) -> None:
        """Let the stream fail."""
        self._waiting.put_nowait(error)

    async def next(self) -> str | None:
        """Return the next string of the test."""
        if self._over:
            return None
        self.read.set()
        try:
            arrived = await self._waiting.get()
        finally:
            self.read.clear()
        if isinstance(arrived, str) and not self._over:
            return arrived
        self._over = True
        if isinstance(arrived, WebLLMError):
            raise arrived
        return None

    def stop(self) -> None:
        """End the stream, also for a task that waits."""
        self.stops += 1
        if not self._over:
            self._over = True
            self._waiting.put_nowait(None)


class FakeBridge:
    """A bridge that gives its streams to the test: `await bridge.loads.get()` and so on.

    `opened` has the streams of all three kinds in the order of the calls.
    """

    def __init__(
        self,
        *,
        loads: asyncio.Queue[FakeStream] | None = None,
        queries: asyncio.Queue[FakeStream] | None = None,
    ) -> None:
        self.loads: asyncio.Queue[FakeStream] = asyncio.Queue() if loads is None else loads
        self.generations: asyncio.Queue[FakeStream] = asyncio.Queue()
        self.queries: asyncio.Queue[FakeStream] = asyncio.Queue() if queries is None else queries
        self.events = FakeStream()
        self.located: list[ModelRecord | None] = []
        self.may_locate = asyncio.Event()
        self.may_locate.set()
        self.disposals = 0
        self.unloads: list[bool] = []
        self.opened: list[FakeStream] = []

    async def locate(self, model: ModelRecord | None) -> ModelRecord:
        """Return a record with absolute addresses."""
        self.located.append(model)
        await self.may_locate.wait()
        if model is None:
            return BUILTIN
        return replace(model, model="https://fake/" + model.model)

    def load(self, request: str) -> Stream:
        """Give the stream of a load to the test."""
        return self._opened(request, self.loads)

    def generate(self, request: str) -> Stream:
        """Give the stream of a generation to the test."""
        return self._opened(request, self.generations)

    def query(self, request: str) -> Stream:
        """Give the stream of a query to the test."""
        return self._opened(request, self.queries)

    def watch(self) -> Stream:
        """Return the events."""
        return self.events

    is_shared = False
    users = 0

    def in_use_by(self) -> int:
        """Return what the test says."""
        return self.users

    async def unload(self, *, force: bool) -> None:
        """Note how the model was unloaded."""
        self.unloads.append(force)

    async def dispose(self) -> None:
        """End all streams, as the real bridge does."""
        self.disposals += 1
        for stream in self.opened:
            stream.fail(DisposedError("the engine was disposed"))
        self.events.push('[{"type": "disposed"}]').end()

    def _opened(self, request: str, queue: asyncio.Queue[FakeStream]) -> Stream:
        stream = FakeStream(request)
        self.opened.append(stream)
        queue.put_nowait(stream)
        return stream


def progress(ratio: float, phase: str = "fetch", text: str = "Fetching", elapsed: float = 1) -> str:
    """Return a progress report as the bridge sends it."""
    return json.dumps({"phase": phase, "ratio": ratio, "text": text, "elapsed": elapsed})


def chunk(*texts: str, finish_reason: str | None = None) -> str:
    """Return one batch with a chunk for each text, as WebLLM sends it."""
    return json.dumps([_chunk(text, finish_reason) for text in texts])


def last_chunk(
    *, prompt_tokens: int = 3, completion_tokens: int = 2, finish_reason: str = "stop"
) -> str:
    """Return the batch that ends an answer: finish reason and usage."""
    usage = {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
        "extra": {
            "e2e_latency_s": 1.5,
            "prefill_tokens_per_s": 80.0,
            "decode_tokens_per_s": 20.0,
            "time_to_first_token_s": 0.5,
        },
    }
    end = _chunk("", finish_reason)
    return json.dumps([end, {**end, "choices": [], "usage": usage}])


def loss(name: str = "DeviceLostError", message: str = "the device is gone") -> str:
    """Return the event of a lost engine."""
    return json.dumps([{"type": "lost", "name": name, "message": message}])


def _chunk(text: str, finish_reason: str | None) -> dict[str, object]:
    delta = {"role": "assistant", "content": text}
    return {
        "id": "1",
        "model": "builtin",
        "created": 1,
        "object": "chat.completion.chunk",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}],
    }
