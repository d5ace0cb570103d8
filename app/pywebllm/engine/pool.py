"""Several models at once: which engine has which model, and which one makes room for another."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any

from pywebllm import wire
from pywebllm.bridge import Bridge, Stream
from pywebllm.builtin import BUILTIN_MODEL
from pywebllm.errors import DisposedError, InvalidRequestError, ModelNotLoadedError
from pywebllm.events import Event
from pywebllm.records import Model, ModelRecord, id_of
from pywebllm.request.checks import integer
from pywebllm.values import LoadProgress, ModelLoss
from pywebllm.wire import Kind

from .asking import Asking
from .engine import Engine
from .streams import EngineStream

__all__ = ["Pool"]


@dataclass(slots=True, eq=False, kw_only=True)
class _Slot:
    """An engine, and the model that it was asked for last; `used` grows with each request."""

    engine: Engine
    model: str | ModelRecord | None = None
    is_claimed: bool = False  # whether `model` means anything
    used: int = 0

    def holds(self, model_id: str) -> bool:
        """Tell whether it has this model, or is to have it."""
        if not self.is_claimed:
            return False
        loaded = self.engine.loaded
        # What it was asked for last may not have been found.
        is_there = loaded is not None and not self.engine.is_asking
        return (loaded if is_there else id_of(self.model)) == model_id

    @property
    def is_vacant(self) -> bool:
        """True when nobody has a use for what this engine holds."""
        engine = self.engine
        return not self.is_claimed or not (engine.is_loaded or engine.is_busy)


class Pool:
    """Engines for at most `max_models` models at once, each with a worker of its own.

    A request goes to the engine that has its model or is to have it; else to one without a model;
    else to the least recently used one, rather one that has nothing to do: that one finishes
    what runs and waits, then frees its model and loads the other.

    Args:
        open_bridge: Opens a bridge, for each engine one.
        model: What requests mean that name no model; None is the built-in one.
        records: Models of one's own that requests can name by their ids. Those that come with
            a request are known from then on.
        max_models: How many models may be in the GPU at once, from 1. While one takes
            another's place there is one of the two.

    `lost` reports each loaded model that was lost unexpectedly; the next request loads it again.

    Raises:
        InvalidRequestError: An argument is wrong, or an id has two meanings.
    """

    def __init__(
        self,
        open_bridge: Callable[[], Awaitable[Bridge]],
        *,
        model: Model = None,
        records: Iterable[ModelRecord | Mapping[str, Any]] = (),
        max_models: int = 1,
    ) -> None:
        self.lost: Event[ModelLoss] = Event()
        self._open_bridge = open_bridge
        self._max_models = integer(1)("max_models", max_models)
        self._records = _by_id(records)
        self._default = self._read_default(model)
        self._slots: list[_Slot] = []
        self._clock = count(1)
        self._epoch = object()  # another one after each disposal

    @property
    def default(self) -> str | ModelRecord | None:
        """What requests mean that name no model; None is the built-in one."""
        return self._default

    @property
    def records(self) -> tuple[ModelRecord, ...]:
        """The models of one's own that requests can name by their ids."""
        return tuple(self._records.values())

    @property
    def loaded(self) -> tuple[str, ...]:
        """The ids of the models that are in the GPU and answer."""
        found = (slot.engine.loaded for slot in self._slots)
        return tuple(model for model in found if model is not None)

    @property
    def was_used(self) -> bool:
        """True once an engine was needed."""
        return bool(self._slots)

    def resolve(self, model: Model) -> str | ModelRecord | None:
        """Return what a request means by `model`: an id, a record, or None for the built-in one.

        None means the default. The id of a record that is known becomes the record. The
        built-in model's id becomes None where None means it, and stays as it is elsewhere.

        Raises:
            InvalidRequestError: It names no model, or is a record whose id another model has.
        """
        if model is None:
            return self._default
        found = self._named(model)
        self._check_id(found)
        return None if found == BUILTIN_MODEL and self._default is None else found

    async def load(
        self,
        model: Model = None,
        *,
        on_progress: Callable[[LoadProgress], object] | None = None,
    ) -> None:
        """Load a model; return when it answers. A model that is loaded stays.

        `on_progress` is as for `Engine.load`. Cancelled, the load stops, unless another caller
        waits for it too.

        Raises:
            WebLLMError: The load failed; it can be tried again.
            TypeError: `on_progress` is no function, or a coroutine function.
        """
        wanted = self.resolve(model)
        await self._claim(wanted).load(wanted, on_progress=on_progress)

    def stream(
        self, kind: Kind, body: Mapping[str, object], *, model: Model = None, loads: bool = True
    ) -> EngineStream:
        """Return what a request to `model` brings; it is made when the stream is opened.

        Which engine answers is decided then. A stream that was there before `dispose` and is
        opened after it raises `DisposedError`. With `loads=False` the request is refused with
        `ModelNotLoadedError` unless the model is loaded, or is being loaded.

        Raises:
            InvalidRequestError: The body does not fit into JSON, or `model` names none.
        """
        wanted = self.resolve(model)
        request = wire.generate_request(kind, body, model=id_of(wanted))
        answer = self._answer if loads else self._answer_if_loaded
        asking = Asking(partial(answer, self._epoch, request, wanted))
        return EngineStream(asking.start, give_up=asking.stop)

    async def query(self, request: Mapping[str, object]) -> Any:
        """Ask what needs no model, see `Engine.query`. Cancelled, it leaves nothing behind.

        Raises:
            WebLLMError: It could not be answered.
        """
        # Rather not one that is being freed.
        slot = max(self._slots, key=lambda slot: (slot.is_claimed, slot.used), default=None)
        return await (slot or self._new_slot()).engine.query(request)

    async def unload(self, model: Model = None) -> None:
        """Free this model; nothing happens when no engine has it, or is to have it.

        A load of it ends with `DisposedError`, and so does everything that its engine does or
        is still to do. Cancelled, it is freed all the same, a moment later.

        Raises:
            InvalidRequestError: It names no model.
        """
        wanted = id_of(self.resolve(model))
        await _release([slot for slot in self._slots if slot.holds(wanted)])

    async def dispose(self) -> None:
        """Free all models, workers and GPU memory. May be called again, and at once.

        Loads and answers end with `DisposedError`; an answer that was finished can still be
        read. What begins after starts anew. Cancelled, everything is freed all the same, a
        moment later.
        """
        self._epoch = object()
        await _release(self._slots)

    async def _answer(
        self, epoch: object, request: str, wanted: str | ModelRecord | None, asking: Asking
    ) -> Stream:
        self._check_epoch(epoch)
        return await self._claim(wanted).answer(asking, request, wanted)

    async def _answer_if_loaded(
        self, epoch: object, request: str, wanted: str | ModelRecord | None, asking: Asking
    ) -> Stream:
        self._check_epoch(epoch)
        slot = self._matching(id_of(wanted))
        if slot is None:
            raise ModelNotLoadedError("the model is not loaded")
        slot.used = next(self._clock)
        return await slot.engine.answer(asking, request, wanted, loads=False)

    def _check_epoch(self, epoch: object) -> None:
        if epoch is not self._epoch:
            raise DisposedError("the engines were disposed meanwhile")

    def _named(self, model: Model) -> str | ModelRecord | None:
        found = wire.read_model(model)
        return self._records.get(found, found) if isinstance(found, str) else found

    def _read_default(self, model: Model) -> str | ModelRecord | None:
        found = self._named(model)
        self._remember(found)
        return None if found == BUILTIN_MODEL else found

    def _remember(self, model: str | ModelRecord | None) -> None:
        self._check_id(model)
        if isinstance(model, ModelRecord):
            self._records[model.model_id] = model

    def _check_id(self, model: str | ModelRecord | None) -> None:
        if isinstance(model, ModelRecord):
            _by_id([*self._records.values(), model])

    # The choice of an engine is one synchronous step, and so is the beginning of what that engine
    # does: it counts as busy from then on. So two requests at once never choose the same vacancy.
    def _claim(self, wanted: str | ModelRecord | None) -> Engine:
        self._remember(wanted)
        slot = self._matching(id_of(wanted)) or self._vacancy() or self._least_used()
        slot.model, slot.is_claimed, slot.used = wanted, True, next(self._clock)
        return slot.engine

    def _matching(self, wanted: str) -> _Slot | None:
        return next((slot for slot in self._slots if slot.holds(wanted)), None)

    def _vacancy(self) -> _Slot | None:
        found = next((slot for slot in self._slots if slot.is_vacant), None)
        if found is None and len(self._slots) < self._max_models:
            return self._new_slot()
        return found

    def _least_used(self) -> _Slot:
        return min(self._slots, key=lambda slot: (slot.engine.is_busy, slot.used))

    def _new_slot(self) -> _Slot:
        slot = _Slot(engine=Engine(self._open_bridge))
        slot.engine.model_lost.subscribe(self.lost.emit)
        self._slots.append(slot)
        return slot


def _by_id(records: Iterable[ModelRecord | Mapping[str, Any]]) -> dict[str, ModelRecord]:
    found: dict[str, ModelRecord] = {}
    for given in records:
        record = wire.read_model(given)
        if not isinstance(record, ModelRecord):
            raise InvalidRequestError(f"records are model records, got {given!r}")
        if found.get(record.model_id, record) != record or record.model_id == BUILTIN_MODEL:
            raise InvalidRequestError(f"two models have the id {record.model_id!r}")
        found[record.model_id] = record
    return found


async def _release(slots: Iterable[_Slot]) -> None:
    # All of them begin before the first await, so that none is left when this is cancelled.
    tasks = []
    for slot in slots:
        slot.is_claimed = False
        tasks.append(slot.engine.release())
    if tasks:
        await asyncio.shield(asyncio.gather(*tasks))
