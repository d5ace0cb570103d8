"""A page for the tests: the real client over a bridge with prepared answers."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import httpx2
import openai
from pywebllm.bridge import Bridge, Stream
from pywebllm.client import AsyncWebLLM
from pywebllm.errors import WebLLMError
from pywebllm.openai import transport

from tests.unit.fakes import FakeBridge, FakeStream
from tests.unit.runners import answer

__all__ = ["URL", "EngineStream", "Page", "http_client", "read", "sdk"]

T = TypeVar("T")

URL = "http://pywebllm.invalid/v1"


class EngineStream(FakeStream):
    """The engine's answer to a request; `stopped` is set when it is stopped."""

    def __init__(self, request: str = "") -> None:
        super().__init__(request)
        self.stopped = asyncio.Event()

    def stop(self) -> None:
        super().stop()
        self.stopped.set()


class _Bridge(FakeBridge):
    """A bridge that loads at once and returns prepared answers."""

    def __init__(self, answers: deque[Answer]) -> None:
        super().__init__()
        self.requests: asyncio.Queue[EngineStream] = asyncio.Queue()
        self._answers = answers

    def load(self, request: str) -> Stream:
        stream = FakeStream(request)
        stream.end()
        return stream

    def generate(self, request: str) -> Stream:
        stream = self._answered(request)
        self.requests.put_nowait(stream)
        return stream

    def query(self, request: str) -> Stream:
        return self._answered(request)

    def _answered(self, request: str) -> EngineStream:
        stream = EngineStream(request)
        self.opened.append(stream)
        for item in self._answers.popleft() if self._answers else ():
            if isinstance(item, WebLLMError):
                stream.fail(item)
            elif item is None:
                stream.end()
            else:
                stream.push(json.dumps(item))
        return stream


Answer = Iterable[object]


class Page:
    """A page with one engine. It uses its answers in order; after them the test pushes chunks."""

    def __init__(self) -> None:
        self._answers: deque[Answer] = deque()
        self.bridge = _Bridge(self._answers)
        self.llm = AsyncWebLLM(bridge=self._open)

    async def _open(self) -> Bridge:
        return self.bridge

    def chat(self, *texts: str, reason: str = "stop") -> Page:
        """Answer the next chat with these texts."""
        return self.stream(*answer(*texts, reason=reason))

    def stream(self, *chunks: dict[str, Any]) -> Page:
        """Answer the next request with these chunks, one by one, and end."""
        self._answers.append([*([chunk] for chunk in chunks), None])
        return self

    def once(self, value: object) -> Page:
        """Answer the next request or query with only this value, and end."""
        self._answers.append([value, None])
        return self

    def fail(self, error: WebLLMError, *chunks: dict[str, Any]) -> Page:
        """Let the next request fail after these chunks."""
        self._answers.append([*([chunk] for chunk in chunks), error])
        return self

    async def request(self) -> EngineStream:
        """Wait for the next request that reaches the engine."""
        return await self.bridge.requests.get()

    async def body(self) -> dict[str, Any]:
        """Wait for the next request that reaches the engine, and return its body."""
        found = json.loads((await self.request()).request)
        body: dict[str, Any] = found["request"]
        return body


def http_client(library: Any, page: Page, **options: Any) -> Any:
    """Return a client of `httpx2` or `httpx` for the page."""
    return library.AsyncClient(transport=transport(page.llm), base_url=URL, **options)


async def read(stream: AsyncIterable[T], into: list[T] | None = None) -> list[T]:
    """Read to the end; `into` has the items read before an error."""
    found = [] if into is None else into
    async for item in stream:
        found.append(item)
    return found


@asynccontextmanager
async def sdk(
    page: Page, library: Any = httpx2, **options: Any
) -> AsyncIterator[openai.AsyncOpenAI]:
    """Open a client of the SDK for the page, which validates responses strictly."""
    options = {"_strict_response_validation": True, **options}
    http = http_client(library, page)
    async with openai.AsyncOpenAI(
        api_key="local", base_url=URL, http_client=http, **options
    ) as client:
        yield client
