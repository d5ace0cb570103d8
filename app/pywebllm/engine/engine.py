"""The engine: one model at a time, loaded on demand, usable again after any error.

`Engine` does what takes time: it opens streams of the bridge, reads them and stops them. Which
model is loaded is `state`'s part, with a table of the engine's states; opening and freeing the
bridge is `connection`'s. The order of operations and sharing of loads are the bridge's part,
messages for users and defaults are that of the clients.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from typing import Any
from weakref import WeakSet

from pywebllm import wire
from pywebllm.bridge import Bridge, Stream
from pywebllm.builtin import BUILTIN_MODEL
from pywebllm.errors import DisposedError, EngineError, ModelNotLoadedError, WebLLMError
from pywebllm.events import Event, check_plain
from pywebllm.records import EngineName, Model, ModelRecord, WllamaRecord, engine_of, id_of
from pywebllm.values import EngineChoice, LoadProgress, ModelLoss
from pywebllm.wire import Kind

from .connection import Connection
from .guard import GuardedStream
from .operation import Operation, Target
from .state import ModelState
from .streams import EngineStream
from .whole_grammar import with_whole_grammar

__all__ = ["Engine", "Kind"]


class Engine:
    """Loads models and streams answers through a bridge.

    Args:
        open_bridge: Opens a bridge; called when one is first needed, and again after `dispose`.
        stall_timeout: Seconds without any progress, after which a load fails; 0: no limit; None:
            the bridge's default.

    Attributes:
        lost: Emits the error when a loaded model is lost unexpectedly: the GPU device was lost,
            or the worker crashed. The next `load` or request loads it again.
    """

    def __init__(
        self,
        open_bridge: Callable[[], Awaitable[Bridge]],
        *,
        stall_timeout: float | None = None,
    ) -> None:
        self.lost: Event[WebLLMError] = Event()
        self.model_lost: Event[ModelLoss] = Event()  # the same, with the model's id
        self.kind_changed: Event[EngineChoice] = Event()  # another engine runs the model now
        self._kind: EngineName | None = None
        self._stall_timeout = stall_timeout
        self._connection = Connection(open_bridge, on_loss=self._on_event)
        self._state = ModelState()
        self._streams: WeakSet[GuardedStream] = WeakSet()

    @property
    def loaded(self) -> str | None:
        """The id of the model that is loaded and answers; None when there is none."""
        return None if self._state.loaded is None else self._state.loaded.id

    @property
    def kind(self) -> EngineName | None:
        """The engine that runs the model which was loaded last; None before the first load."""
        return self._kind

    @property
    def is_loaded(self) -> bool:
        """True while a model is loaded and answers."""
        return self._state.loaded is not None

    @property
    def is_shared(self) -> bool | None:
        """True if the engine belongs to all pages of the origin; None before it is opened."""
        bridge = self._connection.bridge
        return None if bridge is None else bridge.is_shared

    def in_use_by(self) -> int:
        """Return how many other clients use the model; 0 if the engine is not shared."""
        bridge = self._connection.bridge
        return 0 if bridge is None else bridge.in_use_by()

    @property
    def is_asking(self) -> bool:
        """True while an operation runs that may load a model, or finds that it is loaded."""
        return self._state.has_operations

    @property
    def is_loading(self) -> bool:
        """True while a load runs or is queued."""
        return self._state.has_operations and not self.is_loaded

    @property
    def is_busy(self) -> bool:
        """True while a load or an answer runs, is queued, or has not been read to its end."""
        return self._state.has_operations or any(not stream.is_over for stream in self._streams)

    async def load(
        self,
        model: Model = None,
        *,
        on_progress: Callable[[LoadProgress], object] | None = None,
    ) -> None:
        """Load a model in place of the one that is loaded; return when it answers.

        Nothing happens if it is loaded already. Concurrent calls for the same model share one
        load.

        Args:
            model: None for the built-in model, an id of WebLLM's list, or a custom record.
            on_progress: A plain function, called with each `LoadProgress`. Its ratio goes from
                0 to 1 and never decreases; its last phase is `ready`, when the model is loaded.
                An exception that it raises ends the load, except at `ready`: the model stays.

        Cancelled, the load stops unless another caller waits for it: its downloads end, its GPU
        memory is freed, and it can be tried again.

        Raises:
            WebLLMError: The load failed; it can be tried again.
            TypeError: `on_progress` is not a function, or is a coroutine function.
        """
        if on_progress is not None:
            check_plain("on_progress", on_progress)
        report = on_progress or _ignore
        with self._operation() as operation:
            bridge, target = await self._prepare(operation, wire.read_model(model))
            if self._state.loaded == target:
                return
            load = self._begin_load(operation, bridge, target)
            with self._state.restoring_fallback(operation):
                ready = await self._follow(load, report)
                self._finish_load(operation, bridge, target)
        if self._state.loaded == target:  # no later load has replaced it
            report(ready)

    def stream(
        self, kind: Kind, body: Mapping[str, object], *, model: Model = None, loads: bool = True
    ) -> EngineStream:
        """Return the answer to a request as a stream; the request is made when it is opened.

        Opening it loads `model` first if it is not loaded, in place of the one that is. Running
        and queued operations are finished before that, and no other request comes between the
        load and this one.

        Args:
            kind: The kind of request, see `wire.Kind`.
            body: The request as WebLLM takes it, without `model`.
            model: As for `load`.
            loads: False refuses the request, when the stream is opened, unless the model is
                loaded or being loaded.

        Raises:
            InvalidRequestError: `body` is not JSON serializable, or `model` is not a model.
        """
        named = wire.read_model(model)
        request = wire.generate_request(kind, body, model=id_of(named))
        disposals = self._connection.disposals
        return EngineStream(partial(self._answer_since, disposals, request, named, loads=loads))

    async def answer(
        self,
        stream: EngineStream,
        request: str,
        model: str | ModelRecord | None,
        *,
        loads: bool = True,
    ) -> Stream:
        """Make a request for a stream that is being opened; for `stream` and the pool.

        Cancelled, `stream` stops everything that was begun.

        Raises:
            WebLLMError: The model could not be loaded, or must not be loaded and is not.
        """
        with self._operation() as operation:
            bridge, target = await self._prepare(operation, model)
            stream.check_open()
            if target.engine == "wllama":
                request = with_whole_grammar(request)
            if self._state.loaded == target:
                return stream.hold(self._generate(bridge, request, self._state.load_number))
            if not loads and not self._state.is_requested(target):
                raise self._state.loss or ModelNotLoadedError("the model is not loaded")
            load = stream.hold(self._begin_load(operation, bridge, target))
            # Without an await after the load, so that no other request comes between.
            answer = stream.hold(self._generate(bridge, request, operation.load_number))
            with self._state.restoring_fallback(operation):
                await self._follow(load, _ignore)
                stream.check_open()  # the end of a load that was stopped proves nothing
                self._finish_load(operation, bridge, target)
            return answer

    async def query(self, request: Mapping[str, object]) -> Any:
        """Return the bridge's result for a query that needs no model, see `Bridge.query`.

        It waits neither for loads nor for answers. Cancelled, nothing is left open.

        Raises:
            WebLLMError: The query failed.
        """
        text = wire.query_request(request)
        bridge = await self._connection.open(self._connection.disposals)
        stream = bridge.query(text)
        try:
            result = await stream.next()
        finally:
            stream.stop()
        if result is None:
            raise EngineError("the bridge returned no result")
        return wire.read_result(result)

    async def dispose(self) -> None:
        """Free the model, the worker and the GPU memory. May be called again at any time.

        Running loads and answers end with `DisposedError`; an answer that was generated to its
        end can still be read. A later load or request starts a new worker. Cancelled, the engine
        is freed nevertheless, in the background.
        """
        await asyncio.shield(self.release())

    def release(self, *, force: bool | None = None) -> asyncio.Task[None]:
        """Begin to dispose at once; return the task that ends when everything is freed.

        `force` is as for `Connection.dispose`.
        """
        self._state.clear()
        return self._connection.dispose(force=force)

    async def _answer_since(
        self,
        disposals: int,
        request: str,
        model: str | ModelRecord | None,
        stream: EngineStream,
        *,
        loads: bool,
    ) -> Stream:
        self._connection.check(disposals)
        return await self.answer(stream, request, model, loads=loads)

    def _operation(self) -> AbstractContextManager[Operation]:
        return self._state.operation(disposals=self._connection.disposals)

    async def _prepare(
        self, operation: Operation, model: str | ModelRecord | None
    ) -> tuple[Bridge, Target]:
        bridge = await self._connection.open(operation.disposals)
        if model == BUILTIN_MODEL:
            model = None  # WebLLM's list does not contain it
        found = model if isinstance(model, str) else await bridge.locate(model)
        self._check(operation, bridge)
        request = wire.load_request(found, stall_timeout=self._stall_timeout)
        reason = found.reason if isinstance(found, WllamaRecord) else ""
        target = Target(
            id=id_of(model), load_request=request, engine=engine_of(found), reason=reason
        )
        return bridge, target

    def _begin_load(self, operation: Operation, bridge: Bridge, target: Target) -> GuardedStream:
        self._state.begin_load(operation, target)
        return self._guarded(bridge, bridge.load(target.load_request), operation.load_number)

    async def _follow(self, load: Stream, report: Callable[[LoadProgress], object]) -> LoadProgress:
        """Report the progress of a load to its end; return what to report once it counts."""
        latest = LoadProgress(phase="start", ratio=0.0, text="", elapsed=0.0)
        event_before = unknown = object()
        try:
            while (text := await load.next()) is not None:
                if event_before is unknown:
                    # Once a load reports progress, all events about earlier models have arrived.
                    event_before = self._state.last_event
                progress = wire.read_progress(text)
                latest = replace(progress, ratio=max(progress.ratio, latest.ratio))
                if latest.phase != "ready":
                    report(latest)
        finally:
            load.stop()
        last_event = self._state.last_event
        if last_event is not None and event_before not in (unknown, last_event):
            raise last_event  # lost again before this task noticed the end of the load
        return replace(latest, phase="ready", ratio=1.0, text="Ready")

    def _finish_load(self, operation: Operation, bridge: Bridge, target: Target) -> None:
        self._check(operation, bridge)
        self._state.finish_load(operation, target)
        if self._state.loaded == target and self._kind != target.engine:
            self._kind = target.engine
            self.kind_changed.emit(EngineChoice(engine=target.engine, reason=target.reason))

    def _check(self, operation: Operation, bridge: Bridge) -> None:
        self._connection.check(operation.disposals)
        if not self._connection.is_open(bridge):
            raise DisposedError("the bridge was disposed during the operation")

    def _generate(self, bridge: Bridge, request: str, load_number: int) -> GuardedStream:
        return self._guarded(bridge, bridge.generate(request), load_number)

    def _guarded(self, bridge: Bridge, stream: Stream, load_number: int) -> GuardedStream:
        guarded = GuardedStream(stream, on_loss=partial(self._on_loss, bridge, load_number))
        self._streams.add(guarded)
        return guarded

    def _on_event(self, bridge: Bridge, error: WebLLMError) -> None:
        if self._connection.is_open(bridge):
            self._state.last_event = error
            self._on_loss(bridge, self._state.load_number, error)

    def _on_loss(self, bridge: Bridge, load_number: int, error: WebLLMError) -> WebLLMError:
        """Handle a report that the model of a load is lost; return the error to raise for it."""
        if not self._connection.is_open(bridge):
            return error  # about a bridge that is no longer used
        if isinstance(error, DisposedError):
            self._connection.forget()  # disposed elsewhere: the next load opens another
        elif load_number != self._state.load_number:
            return error  # about an earlier model
        lost = self._state.loaded
        if self._state.lose(error) and lost is not None:
            self.model_lost.emit(ModelLoss(model=lost.id, error=error))
            self.lost.emit(error)
        return self._state.loss or error


def _ignore(progress: LoadProgress) -> None:
    pass
