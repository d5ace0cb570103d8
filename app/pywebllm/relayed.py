"""A bridge whose engine belongs to another context: a worker's Python uses the models of its page.

`relay` is the other side. Each message is one JSON object. From here:

    {"open": ID, "method": "load" | "generate" | "query" | "locate" | "support", "request": "…",
     "model": …}
    {"stop": ID}

and from there, for each ID:

    {"id": ID, "text": "…"}      the next string of the stream
    {"id": ID, "error": {…}}     it failed
    {"id": ID, "end": true}      it ended

or, once and for all, {"closed": true}: nothing more is answered.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict
from itertools import count
from typing import TYPE_CHECKING, Any, Protocol

from . import wire
from .builtin import BUILTIN_MODEL
from .errors import DisposedError, WebLLMError
from .records import ModelRecord, WllamaRecord
from .rejections import error_for
from .values import Adapter, EngineSupport, Support

if TYPE_CHECKING:
    from .bridge import Bridge, Stream

__all__ = ["LENDERS_MODEL", "Port", "Relayed", "borrow_from", "borrowed", "support_fields"]

# What a request without a model means is for the other side to say.
LENDERS_MODEL = ModelRecord(model_id=BUILTIN_MODEL, model="lender:", model_lib="lender:")

# The fields of a record that say where an engine's own files are.
_ENGINE_FILES = ("wllama_url", "wasm_url")


class Port(Protocol):
    """One end of a channel of strings between two contexts."""

    def post(self, text: str) -> None:
        """Send a string to the other end."""
        ...

    def listen(self, handler: Callable[[str], object]) -> None:
        """Call `handler` with each string of the other end from now on."""
        ...

    def close(self) -> None:
        """Stop listening. May be called again."""
        ...


class Relayed:
    """Opens bridges over one port.

    Args:
        port: Its other end serves the models, see `relay.lend_models`.
    """

    def __init__(self, port: Port) -> None:
        self._port = port
        self._ids = count(1)
        self._streams: dict[int, _Stream] = {}
        self._is_closed = False
        port.listen(self._receive)

    def open_bridge(self) -> Bridge:
        """Return another bridge; it opens nothing before it is used."""
        return _Bridge(self)

    def open(
        self,
        method: str,
        request: str,
        *,
        model: object = None,
        on_end: Callable[[WebLLMError | None], object] | None = None,
    ) -> _Stream:
        """Ask the other side to open a stream.

        `on_end` is called when the other side ends it, with the error if it failed.
        """
        number = next(self._ids)
        stream = _Stream(lambda: self._stop(number), on_end)
        if self._is_closed:
            stream.finish(_closed())
            return stream
        self._streams[number] = stream
        self._post({"open": number, "method": method, "request": request, "model": model})
        return stream

    async def check_support(self) -> Support:
        """Return what the other side can run; cancelled, nothing is left open."""
        return _support(json.loads(await self.ask("support", "{}")))

    async def ask(self, method: str, request: str) -> str:
        """Return the only string of a stream; cancelled, the work stops.

        Raises:
            WebLLMError: It failed.
        """
        stream = self.open(method, request)
        try:
            found = await stream.next()
        finally:
            stream.stop()
        assert found is not None
        return found

    def _stop(self, number: int) -> None:
        if self._streams.pop(number, None) is not None:
            self._post({"stop": number})

    def _post(self, message: Mapping[str, object]) -> None:
        self._port.post(json.dumps(message))

    def _receive(self, text: str) -> None:
        message = json.loads(text)
        if "closed" in message:
            self._close()
            return
        stream = self._streams.get(message["id"])
        if stream is None:
            return  # it was stopped
        if "text" in message:
            stream.push(message["text"])
            return
        del self._streams[message["id"]]
        stream.end(_error(message["error"]) if "error" in message else None)

    def _close(self) -> None:
        self._is_closed = True
        streams, self._streams = self._streams, {}
        for stream in streams.values():
            stream.end(_closed())


class _Stream:
    """A stream whose strings arrive as messages."""

    def __init__(
        self,
        on_stop: Callable[[], object],
        on_end: Callable[[WebLLMError | None], object] | None = None,
    ) -> None:
        self._on_stop = on_stop
        self._on_end = on_end
        self._waiting: deque[str] = deque()
        self._arrived = asyncio.Event()
        self._error: WebLLMError | None = None
        self._is_over = False

    @property
    def is_over(self) -> bool:
        """True once nothing more arrives."""
        return self._is_over

    def push(self, text: str) -> None:
        """Let a string arrive."""
        self._waiting.append(text)
        self._arrived.set()

    def end(self, error: WebLLMError | None) -> None:
        """Let the stream end, or fail, as the other side says."""
        if self._on_end is not None:
            self._on_end(error)
        self.finish(error)

    def finish(self, error: WebLLMError | None) -> None:
        """Let the stream end, or fail, after what has arrived; nothing if it is over."""
        if not self._is_over:
            self._is_over, self._error = True, error
            self._arrived.set()

    def abandon(self, error: WebLLMError) -> None:
        """Let the stream fail here, and stop the work there."""
        self.finish(error)
        self._on_stop()

    async def next(self) -> str | None:
        """Wait for the next string; None at the end.

        Cancelled, nothing is lost and the work goes on.
        """
        while not self._waiting and not self._is_over:
            self._arrived.clear()
            await self._arrived.wait()
        if self._waiting:
            return self._waiting.popleft()
        error, self._error = self._error, None
        if error is not None:
            raise error
        return None

    def stop(self) -> None:
        """Stop the work, as `bridge.Stream.stop` says."""
        self._waiting.clear()
        self.finish(None)
        self._error = None
        self._on_stop()


class _Bridge:
    """The bridge of one engine of this side."""

    # The models stay with the other side, whatever this side frees.
    is_shared = False

    def __init__(self, relayed: Relayed) -> None:
        self._relayed = relayed
        # What requests name: the model of the last load, or where that failed, of the one before.
        self._model: Any = None
        self._loaded: Any = None
        self._opened: list[_Stream] = []
        self._watchers: list[_Stream] = []

    async def locate(self, model: ModelRecord | None) -> ModelRecord:
        record = LENDERS_MODEL if model is None else model
        choice = json.loads(await self._relayed.ask("locate", wire.load_request(record)))
        if choice["engine"] == "webllm":
            return record
        reason = choice["reason"]
        return WllamaRecord.of(record, wllama_url="lender:", wasm_url="lender:", reason=reason)

    def load(self, request: str) -> Stream:
        request = _without_engine(request)
        model = self._model = json.loads(request)["model"]

        def end(error: WebLLMError | None) -> None:
            if error is None:
                self._loaded = model
            elif self._model is model:
                self._model = self._loaded

        return self._open("load", request, on_end=end)

    def generate(self, request: str) -> Stream:
        return self._open("generate", request)

    def query(self, request: str) -> Stream:
        return self._open("query", _without_engine(request))

    def watch(self) -> Stream:
        # What the other side loses, it loads again for the next request.
        stream = _Stream(lambda: None)
        self._watchers.append(stream)
        return stream

    def in_use_by(self) -> int:
        return 0

    async def unload(self, *, force: bool) -> None:
        del force

    async def dispose(self) -> None:
        for stream in self._opened:
            stream.abandon(DisposedError("the engine was disposed"))
        for watcher in self._watchers:
            watcher.push('[{"type": "disposed"}]')
            watcher.finish(None)
        self._opened, self._watchers = [], []

    def _open(
        self,
        method: str,
        request: str,
        *,
        on_end: Callable[[WebLLMError | None], object] | None = None,
    ) -> Stream:
        self._opened = [stream for stream in self._opened if not stream.is_over]
        stream = self._relayed.open(method, request, model=self._model, on_end=on_end)
        self._opened.append(stream)
        return stream


# The models of another context that this Python uses, if any.
_borrowed: Relayed | None = None


def borrow_from(port: Port) -> None:
    """Let all clients of this Python that are created from now on use the models at a port."""
    global _borrowed  # noqa: PLW0603 - one Python has one lender
    _borrowed = Relayed(port)


def borrowed() -> Relayed | None:
    """Return what opens bridges to the models of another context; None if there is none."""
    return _borrowed


def _closed() -> WebLLMError:
    return DisposedError("the page no longer lends its models")


def _without_engine(request: str) -> str:
    """Return a request without the files of an engine: the other side has its own."""
    found = json.loads(request)
    for model in (found.get("model"), *found.get("records", ())):
        if isinstance(model, dict):
            for name in _ENGINE_FILES:
                model.pop(name, None)
    return json.dumps(found)


def support_fields(support: Support) -> dict[str, object]:
    """Return the support of a browser as JSON values, which `Relayed.check_support` reads."""
    return {**asdict(support), "features": sorted(support.features)}


def _support(found: dict[str, Any]) -> Support:
    engines = {name: EngineSupport(**engine) for name, engine in found.pop("engines").items()}
    adapter = found.pop("adapter")
    return Support(
        **{**found, "features": frozenset(found["features"])},
        engines=engines,
        adapter=None if adapter is None else Adapter(**adapter),
    )


def _error(found: Mapping[str, str]) -> WebLLMError:
    error = error_for(found["name"], found["problem"])
    error.advice = found["advice"]
    return error
