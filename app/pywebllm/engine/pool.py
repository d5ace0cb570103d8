"""A pool of engines: which engine holds which model, and which one is replaced."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any

from pywebllm import wire
from pywebllm.bridge import Bridge, Stream
from pywebllm.errors import DisposedError, ModelNotFoundError, ModelNotLoadedError
from pywebllm.events import Event
from pywebllm.records import EngineName, Model, ModelRecord, id_of
from pywebllm.request.checks import integer
from pywebllm.values import EngineChoice, LoadProgress, ModelLoss
from pywebllm.wire import Kind

from .engine import Engine
from .files import ModelFiles
from .names import Names
from .streams import EngineStream

__all__ = ["Pool"]


@dataclass(slots=True, eq=False, kw_only=True)
class _Slot:
    """An engine, and the model that was last requested of it.

    Attributes:
        engine: The engine.
        model: The model.
        is_claimed: True if `model` means anything.
        used: The number of the last request; higher is more recent.
    """

    engine: Engine
    model: str | ModelRecord | None = None
    is_claimed: bool = False
    used: int = 0

    def holds(self, model_id: str) -> bool:
        """Return True if the engine has loaded this model, or is to load it."""
        if not self.is_claimed:
            return False
        loaded = self.engine.loaded
        # The model that was last requested may not have been found.
        is_settled = loaded is not None and not self.engine.is_asking
        return (loaded if is_settled else id_of(self.model)) == model_id

    @property
    def is_vacant(self) -> bool:
        """True if the engine holds nothing that anyone uses."""
        engine = self.engine
        return not self.is_claimed or not (engine.is_loaded or engine.is_busy)


class Pool:
    """Engines for at most `max_models` models at once, each with its own worker.

    A request goes to the engine that holds its model or is to load it; else to one without a
    model; else to the least recently used one, preferably one that is not busy: that engine
    finishes what is running and queued, then frees its model and loads the other.

    Args:
        open_bridge: Opens a bridge; called for each engine.
        model: The default model; None for the built-in one.
        records: Custom records that requests can name by their ids. Those that come with a
            request are known from then on.
        max_models: The maximum number of models on the GPU at once, at least 1. While one model
            replaces another, only one of the two is there.
        stall_timeout: As for `Engine`.

    Attributes:
        lost: Emits each loaded model that is lost unexpectedly; the next request loads it again.
        engine_changed: Emits the engine that runs a model, when it is the first, or another than
            before.

    Raises:
        InvalidRequestError: An argument is invalid, or two models have the same id.
    """

    def __init__(
        self,
        open_bridge: Callable[[], Awaitable[Bridge]],
        *,
        model: Model = None,
        records: Iterable[ModelRecord | Mapping[str, Any]] = (),
        max_models: int = 1,
        stall_timeout: float | None = None,
    ) -> None:
        self.lost: Event[ModelLoss] = Event()
        self.engine_changed: Event[EngineChoice] = Event()
        self._open_bridge = open_bridge
        self._stall_timeout = stall_timeout
        self._max_models = integer(1)("max_models", max_models)
        self._names = Names(model, records)
        self._slots: list[_Slot] = []
        self._files: ModelFiles | None = None
        self._clock = count(1)
        self._disposals = 0

    @property
    def default(self) -> str | ModelRecord | None:
        """The model of requests that name none; None is the built-in one."""
        return self._names.default

    @property
    def records(self) -> tuple[ModelRecord, ...]:
        """The custom records that requests can name by their ids."""
        return self._names.records

    @property
    def loaded(self) -> tuple[str, ...]:
        """The ids of the models that are loaded and answer."""
        found = (slot.engine.loaded for slot in self._slots)
        return tuple(model for model in found if model is not None)

    @property
    def kind(self) -> EngineName | None:
        """The engine that ran the request made last; None before the first load."""
        slot = max(self._slots, key=lambda slot: slot.used, default=None)
        return None if slot is None else slot.engine.kind

    @property
    def was_used(self) -> bool:
        """True once an engine was needed, or files were asked for."""
        return bool(self._slots) or self._files is not None

    @property
    def is_shared(self) -> bool | None:
        """True if an engine belongs to all pages of the origin; None before one is opened."""
        found = [slot.engine.is_shared for slot in self._slots]
        known = [shared for shared in found if shared is not None]
        return any(known) if known else None

    def in_use_by(self, model: Model = None) -> int:
        """Return how many other clients, of this page or others, use a model that is shared.

        Raises:
            InvalidRequestError: `model` is not a model.
        """
        model_id = id_of(self.resolve(model))
        return sum(slot.engine.in_use_by() for slot in self._slots if slot.holds(model_id))

    def register(self, record: ModelRecord | Mapping[str, Any]) -> None:
        """Let requests name a custom record by its id.

        Raises:
            InvalidRequestError: It is not a record, or another model has its id.
        """
        self._names.register(record)

    def unregister(self, model: str) -> None:
        """Forget the custom record with this id; do nothing if there is none.

        Raises:
            InvalidRequestError: It is the default model.
        """
        self._names.unregister(model)

    def resolve(self, model: Model) -> str | ModelRecord | None:
        """Return what a request means by `model`: an id, a record, or None for the built-in one.

        None means the default. The id of a known record becomes the record, and a name for which a
        build was chosen that build. The built-in model's id becomes None if None means that
        model, and stays as it is otherwise.

        Raises:
            InvalidRequestError: `model` is not a model, or is a record whose id another model has.
        """
        return self._names.resolve(model)

    async def load(
        self,
        model: Model = None,
        *,
        on_progress: Callable[[LoadProgress], object] | None = None,
    ) -> None:
        """Load a model; return when it answers. Nothing happens if it is loaded already.

        `on_progress` is as for `Engine.load`. Cancelled, the load stops unless another caller
        waits for it.

        Raises:
            WebLLMError: The load failed; it can be tried again.
            TypeError: `on_progress` is not a function, or is a coroutine function.
        """
        target = self.resolve(model)
        disposals = self._disposals
        try:
            await self._claim(target).load(target, on_progress=on_progress)
        except ModelNotFoundError as error:
            found = await self._names.find(target, error, query=self.query)
            self.check(disposals)
            await self._claim(found).load(found, on_progress=on_progress)

    def stream(
        self, kind: Kind, body: Mapping[str, object], *, model: Model = None, loads: bool = True
    ) -> EngineStream:
        """Return the answer to a request as a stream; the request is made when it is opened.

        The engine is chosen then. A stream that was created before `dispose` and is opened after
        it raises `DisposedError`. With `loads=False` the request is refused with
        `ModelNotLoadedError` unless the model is loaded, or is being loaded.

        Raises:
            InvalidRequestError: `body` is not JSON serializable, or `model` is not a model.
        """
        target = self.resolve(model)
        request = wire.generate_request(kind, body, model=id_of(target))
        ask = partial(self._answer, self._disposals, loads)

        async def answer(stream: EngineStream) -> Stream:
            try:
                return await ask(request, target, stream)
            except ModelNotFoundError as error:
                found = await self._names.find(target, error, query=self.query)
                return await ask(wire.generate_request(kind, body, model=found), found, stream)

        return EngineStream(answer)

    async def query(self, request: Mapping[str, object]) -> Any:
        """Return the result of a query that needs no model, see `Engine.query`.

        Cancelled, nothing is left open.

        Raises:
            WebLLMError: The query failed.
        """
        # Preferably not an engine that is being freed.
        slot = max(self._slots, key=lambda slot: (slot.is_claimed, slot.used), default=None)
        return await (slot or self._new_slot()).engine.query(request)

    @property
    def files(self) -> ModelFiles:
        """The files of models: what is stored, downloads, checks."""
        if self._files is None:
            self._files = ModelFiles(self._open_bridge)
        return self._files

    async def unload(self, model: Model = None, *, force: bool = False) -> None:
        """Free a model; do nothing if no engine holds it or is to load it.

        A load of it ends with `DisposedError`, and so does everything that its engine is running
        or has queued. A shared model that other clients use stays for them, unless `force` is
        True. Cancelled, it is freed nevertheless, in the background.

        Raises:
            InvalidRequestError: `model` is not a model.
        """
        model_id = id_of(self.resolve(model))
        await _release([slot for slot in self._slots if slot.holds(model_id)], force=force)

    async def dispose(self) -> None:
        """Free all models, workers and GPU memory. May be called again at any time.

        Loads and answers end with `DisposedError`; an answer that was generated to its end can
        still be read. A later load or request starts new workers. Cancelled, everything is freed
        nevertheless, in the background.
        """
        self._disposals += 1
        await _release(self._slots, self._files)

    @property
    def disposals(self) -> int:
        """How often `dispose` was called. Work that began at a lower count is over."""
        return self._disposals

    def check(self, disposals: int) -> None:
        """Check that `dispose` was not called since the count was `disposals`.

        Raises:
            DisposedError: It was called.
        """
        if disposals != self._disposals:
            raise DisposedError("the engines were disposed before the request was made")

    async def _answer(
        self,
        disposals: int,
        loads: bool,  # noqa: FBT001, from `stream`
        request: str,
        target: str | ModelRecord | None,
        stream: EngineStream,
    ) -> Stream:
        self.check(disposals)
        engine = self._claim(target) if loads else self._engine_with(target)
        return await engine.answer(stream, request, target, loads=loads)

    def _engine_with(self, target: str | ModelRecord | None) -> Engine:
        slot = self._matching(id_of(target))
        if slot is None:
            raise ModelNotLoadedError("the model is not loaded")
        slot.used = next(self._clock)
        return slot.engine

    # Choosing an engine is one synchronous step, and so is the beginning of what that engine
    # does: it is busy from then on. So two concurrent requests never choose the same vacant slot.
    def _claim(self, model: str | ModelRecord | None) -> Engine:
        self._names.remember(model)
        slot = self._matching(id_of(model)) or self._vacancy() or self._least_used()
        slot.model, slot.is_claimed, slot.used = model, True, next(self._clock)
        return slot.engine

    def _matching(self, model_id: str) -> _Slot | None:
        return next((slot for slot in self._slots if slot.holds(model_id)), None)

    def _vacancy(self) -> _Slot | None:
        found = next((slot for slot in self._slots if slot.is_vacant), None)
        if found is None and len(self._slots) < self._max_models:
            return self._new_slot()
        return found

    def _least_used(self) -> _Slot:
        return min(self._slots, key=lambda slot: (slot.engine.is_busy, slot.used))

    def _new_slot(self) -> _Slot:
        slot = _Slot(engine=Engine(self._open_bridge, stall_timeout=self._stall_timeout))
        slot.engine.model_lost.subscribe(self.lost.emit)
        slot.engine.kind_changed.subscribe(self.engine_changed.emit)
        self._slots.append(slot)
        return slot


async def _release(
    slots: Iterable[_Slot], files: ModelFiles | None = None, *, force: bool | None = None
) -> None:
    # All disposals begin before the first await, so that none is missed if this is cancelled.
    tasks = [] if files is None else [files.release()]
    for slot in slots:
        slot.is_claimed = False
        tasks.append(slot.engine.release(force=force))
    if tasks:
        await asyncio.shield(asyncio.gather(*tasks))
