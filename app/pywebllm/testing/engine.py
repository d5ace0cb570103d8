"""The scripted engine: it loads at once, and answers from its script."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from typing import Any, TypeAlias

from pywebllm.bridge import Bridge, Stream
from pywebllm.builtin import BUILTIN_MODEL
from pywebllm.closing import Closing
from pywebllm.errors import (
    DeviceLostError,
    DisposedError,
    EngineError,
    ModelNotFoundError,
    WebLLMError,
)
from pywebllm.records import ModelRecord
from pywebllm.values import Support

from .answer import Answer, Answerable, read_answer
from .chunks import embedding_chunk, text_chunks
from .request import ScriptedRequest
from .streams import ScriptedStream
from .waiting import Waiter

__all__ = ["ScriptedEngine"]

Script: TypeAlias = Iterable[Answerable] | Callable[[ScriptedRequest], Answerable]

_ADDRESS = "https://scripted.invalid/"
_FOREVER = 10**9  # seconds


class ScriptedEngine(Closing):
    """An engine whose answers come from a script.

        engine = ScriptedEngine(["Hello", Answer("Slowly.", delay=0.1), DeviceLostError("gone")])
        async with AsyncWebLLM(bridge=engine.open) as llm:
            ...
        assert engine.requests[0].prompt == "Hi"

    Clients without `await` wait on a thread of the engine: `WebLLM(bridge=engine.open,
    wait=engine.wait)`, `OpenAI(llm, wait=engine.wait)`. Use such a client and its `AsyncWebLLM`
    for nothing else, and `close` the engine, or use it in a `with` block.

    Args:
        script: The answers, one for each request (`n=2` makes two); or a function that is called
            with each request. Embeddings need none.
        models: Further models, by their IDs, or as mappings in the form of `ModelInfo`. Others are
            not found.
        load_seconds: How long each load takes.
        load_error: Raised by each load; None: it succeeds.

    Attributes:
        requests: The requests so far.
        loads: The IDs of the models loaded so far.
        wait: Runs an awaitable to its end and returns its result, without `await`.
    """

    def __init__(
        self,
        script: Script = (),
        *,
        models: Iterable[str | Mapping[str, object]] = (),
        load_seconds: float = 0.0,
        load_error: WebLLMError | None = None,
    ) -> None:
        self.requests: list[ScriptedRequest] = []
        self.loads: list[str] = []
        self.wait = Waiter()
        for name, given in (("script", script), ("models", models)):
            if isinstance(given, str | Mapping | Answer):
                raise TypeError(f"{name} must be a list, got {given!r}: put it into one")
        self._answer = script if callable(script) else _one_by_one(script)
        self._models = [{"id": it} if isinstance(it, str) else dict(it) for it in models]
        self._load_seconds = load_seconds
        self._load_error = load_error
        self._bridges: list[_ScriptedBridge] = []

    async def open(self) -> Bridge:
        """Open a bridge to this engine, as the argument `bridge` of a client does.

        Cancelled, nothing is left open.
        """
        bridge = _ScriptedBridge(self)
        self._bridges.append(bridge)
        return bridge

    async def check_support(self) -> Support:
        """Return that a model can run, as the argument `check` of `connect`.

        Cancellation has no side effects.
        """
        return Support(ok=True, features=frozenset({"shader-f16"}))

    def lose(self, error: WebLLMError | None = None) -> None:
        """Lose the engine, as when the GPU device is lost: open answers fail.

        Args:
            error: What happened; None: a `DeviceLostError`.
        """
        for bridge in self._bridges:
            bridge.lose(error or DeviceLostError("the device was lost"))

    def close(self) -> None:
        """End the thread on which `wait` runs. May be called again."""
        self.wait.close()

    def _leave(self, error: BaseException | None) -> None:
        self.close()

    async def _answered(self, request: ScriptedRequest) -> AsyncIterator[str]:
        # When it is read: a request whose load fails does not run.
        self.requests.append(request)
        if request.kind == "embeddings":
            yield embedding_chunk(request)
            return
        async for batch in _written(request, read_answer(self._answer(request))):
            yield batch

    async def _loading(self, model: str, *, is_record: bool) -> AsyncIterator[str]:
        known = is_record or any(it["id"] == model for it in self._models)
        yield _progress("fetch", 0.0)
        await asyncio.sleep(self._load_seconds)
        if self._load_error is not None:
            raise self._load_error
        if not known:
            raise ModelNotFoundError(f"there is no model {model}")
        self.loads.append(model)
        yield _progress("ready", 1.0)

    async def _replies(self, request: Mapping[str, Any]) -> AsyncIterator[str]:
        kind: str = request["kind"]
        if kind.startswith("files."):
            raise EngineError("the scripted engine stores no files of models")
        yield json.dumps(self._models if kind == "models" else [])


class _ScriptedBridge:
    """A bridge to a scripted engine, which no other page shares."""

    is_shared = False

    def __init__(self, engine: ScriptedEngine) -> None:
        self._engine = engine
        self._streams: list[ScriptedStream] = []
        self._events: asyncio.Queue[str | None] = asyncio.Queue()

    async def locate(self, model: ModelRecord | None) -> ModelRecord:
        if model is not None:
            return model
        lib = _ADDRESS + "model.wasm"
        return ModelRecord(model_id=BUILTIN_MODEL, model=_ADDRESS, model_lib=lib)

    def load(self, request: str) -> Stream:
        model = json.loads(request)["model"]
        is_record = not isinstance(model, str)
        name = model["model_id"] if is_record else model
        return self._opened(self._engine._loading(name, is_record=is_record))

    def generate(self, request: str) -> Stream:
        found = json.loads(request)
        body = found["request"]
        made = ScriptedRequest(kind=found["kind"], model=body["model"], body=body)
        return self._opened(self._engine._answered(made))

    def query(self, request: str) -> Stream:
        return self._opened(self._engine._replies(json.loads(request)))

    def watch(self) -> Stream:
        return ScriptedStream(self._arriving())

    def in_use_by(self) -> int:
        return 0

    async def unload(self, *, force: bool) -> None:
        """Do nothing: `dispose` unloads a model that is not shared.

        Cancellation has no side effects.
        """

    def lose(self, error: WebLLMError) -> None:
        self._end(error)
        event = {"type": "lost", "name": type(error).__name__, "message": error.problem}
        self._events.put_nowait(json.dumps([event]))

    async def dispose(self) -> None:
        self._end(DisposedError("the engine was disposed"))
        self._events.put_nowait('[{"type": "disposed"}]')
        self._events.put_nowait(None)

    def _opened(self, source: AsyncIterator[str]) -> Stream:
        stream = ScriptedStream(source)
        self._streams.append(stream)
        return stream

    def _end(self, error: WebLLMError) -> None:
        for stream in self._streams:
            stream.fail(error)
        self._streams.clear()

    async def _arriving(self) -> AsyncIterator[str]:
        while (event := await self._events.get()) is not None:
            yield event


def _one_by_one(script: Iterable[Answerable]) -> Callable[[ScriptedRequest], Answerable]:
    answers = iter(script)

    def answer(request: ScriptedRequest) -> Answerable:
        for found in answers:
            return found
        return EngineError(
            f"the script has no answer left for {request.prompt!r}",
            advice="Add answers to the script, or pass a function.",
        )

    return answer


async def _written(request: ScriptedRequest, answer: Answer) -> AsyncIterator[str]:
    batches = text_chunks(request, answer.written(), complete=answer.error is None)
    for batch in batches:
        await asyncio.sleep(answer.delay if math.isfinite(answer.delay) else _FOREVER)
        yield batch
    if answer.error is not None:
        raise answer.error


def _progress(phase: str, ratio: float) -> str:
    return json.dumps({"phase": phase, "ratio": ratio, "text": "Scripted", "elapsed": 0.0})
