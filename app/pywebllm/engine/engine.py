"""The engine: one model at a time, loaded on demand, usable again after anything that happens.

It keeps the truth about what is loaded. The order of operations, joined loads and the engine
itself are the bridge's part; the bridge's life is `connection`'s; words for people and defaults
are the façades' part.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any
from weakref import WeakSet

from pywebllm import wire
from pywebllm.bridge import Bridge, Stream
from pywebllm.builtin import BUILTIN_MODEL
from pywebllm.errors import (
    DisposedError,
    EngineError,
    ModelNotFoundError,
    ModelNotLoadedError,
    WebLLMError,
)
from pywebllm.events import Event, check_plain
from pywebllm.records import Model, ModelRecord, id_of
from pywebllm.values import LoadProgress, ModelLoss
from pywebllm.wire import Kind

from .asking import Asking
from .connection import Connection
from .guard import GuardedStream
from .streams import EngineStream
from .turn import Turn, Wanted

__all__ = ["Engine", "Kind"]


class Engine:
    """Loads models and streams answers through a bridge that `open_bridge` opens.

    `lost` tells when a loaded model is gone by itself: the device was lost, or the worker
    crashed. The next `load` or request works then, and also after `dispose`.
    """

    def __init__(self, open_bridge: Callable[[], Awaitable[Bridge]]) -> None:
        self.lost: Event[WebLLMError] = Event()
        self.model_lost: Event[ModelLoss] = Event()  # the same, with the model's id
        self._connection = Connection(open_bridge, on_loss=self._hear)
        self._loaded: Wanted | None = None
        self._left: Wanted | None = None  # what is there if the loads under way find nothing
        self._era = 0  # of the model that was loaded last
        self._asked: Wanted | None = None  # what the bridge was asked to load last,
        self._asked_era = 0  # and the era of that
        self._turns: list[Turn] = []
        self._loss: WebLLMError | None = None  # what told of the loss, until the next load
        self._news: WebLLMError | None = None  # what the bridge reported by itself last
        self._streams: WeakSet[GuardedStream] = WeakSet()

    @property
    def loaded(self) -> str | None:
        """The id of the model that is there and answers; None when there is none."""
        return None if self._loaded is None else self._loaded.id

    @property
    def is_loaded(self) -> bool:
        """True while a model is there that answers."""
        return self._loaded is not None

    @property
    def is_asking(self) -> bool:
        """True while it is on the way to a model, or to find that it is the one that is there."""
        return bool(self._turns)

    @property
    def is_loading(self) -> bool:
        """True while a load runs or waits for its turn."""
        return self.is_asking and not self.is_loaded

    @property
    def is_busy(self) -> bool:
        """True while a load or an answer runs, waits for its turn, or has not been read."""
        return bool(self._turns) or any(not stream.is_over for stream in self._streams)

    async def load(
        self,
        model: Model = None,
        *,
        on_progress: Callable[[LoadProgress], object] | None = None,
    ) -> None:
        """Load a model, in place of the one that is loaded; return when it answers.

        `model` is None for the built-in model, an id of WebLLM's list, or a custom record. A
        model that is loaded stays; callers that load the same model share one load.
        `on_progress`, a plain function, hears a ratio from 0 to 1 that never falls; what it
        raises ends the load. When it hears of the phase `ready`, the model is there, and stays.

        Cancelled, the load stops, unless another caller waits for it too: its downloads end,
        its GPU memory is freed, and it can be tried again.

        Raises:
            WebLLMError: The load failed; it can be tried again.
            TypeError: `on_progress` is no function, or a coroutine function.
        """
        if on_progress is not None:
            check_plain("on_progress", on_progress)
        tell = on_progress or (lambda progress: None)
        with self._turn() as turn:
            bridge, wanted = await self._prepare(turn, wire.read_model(model))
            if self._loaded == wanted:
                return
            load = self._begin(turn, bridge, wanted)
            with self._leaving(turn):
                ready = await self._follow(load, tell)
                self._land(turn, bridge, wanted)
        if self._loaded == wanted:  # none that was asked for later has taken its place
            tell(ready)

    def stream(
        self, kind: Kind, body: Mapping[str, object], *, model: Model = None, loads: bool = True
    ) -> EngineStream:
        """Return what a request to `model` brings; it is made when the stream is opened.

        Opening it loads the model if need be, in place of the one that is loaded. What runs
        and waits then is finished first, and no other request comes between the load and this
        one. With `loads=False` it is refused unless the model is there or under way.

        Raises:
            InvalidRequestError: The body does not fit into JSON, or `model` names none.
        """
        named = wire.read_model(model)
        request = wire.generate_request(kind, body, model=id_of(named))
        choose = partial(self._same, self._connection.epoch)
        asking = Asking(lambda asking: choose().answer(asking, request, named, loads=loads))
        return EngineStream(asking.start, give_up=asking.stop)

    async def answer(
        self, asking: Asking, request: str, model: str | ModelRecord | None, *, loads: bool = True
    ) -> Stream:
        """Make a request for a stream that is being opened; `stream` and the pool call it.

        Cancelled, whatever it began is stopped by `asking`.

        Raises:
            WebLLMError: The model could not be loaded, or must not be and is not there.
        """
        with self._turn() as turn:
            bridge, wanted = await self._prepare(turn, model)
            asking.check()
            if self._loaded == wanted:
                return asking.hold(self._guarded(bridge, bridge.generate(request), self._era))
            if not loads and all(one.wanted != wanted for one in self._turns):
                raise self._loss or ModelNotLoadedError("the model is not loaded")
            load = asking.hold(self._begin(turn, bridge, wanted))
            # In the same step as the load, so that nothing can come between.
            answer = asking.hold(self._guarded(bridge, bridge.generate(request), turn.era))
            with self._leaving(turn):
                await self._follow(load, lambda progress: None)
                asking.check()  # the end of a load that was stopped does not say that it is there
                self._land(turn, bridge, wanted)
            return answer

    async def query(self, request: Mapping[str, object]) -> Any:
        """Ask what needs no model; see the `query` of the bridge for the kinds.

        It waits for nothing that is loaded or written. Cancelled, it leaves nothing behind.

        Raises:
            WebLLMError: It could not be answered.
        """
        text = wire.query_request(request)
        bridge = await self._connection.open(self._connection.epoch)
        stream = bridge.query(text)
        try:
            answer = await stream.next()
        finally:
            stream.stop()
        if answer is None:
            raise EngineError("the bridge gave no answer")
        return wire.read_result(answer)

    async def dispose(self) -> None:
        """Free the model, the worker and the GPU memory. May be called again, and at once.

        Loads that began before and running answers end with `DisposedError`; an answer that
        was finished can still be read. A load or request that begins after starts anew.
        Cancelled, the engine is freed all the same, a moment later.
        """
        await asyncio.shield(self.release())

    def release(self) -> asyncio.Task[None]:
        """Begin to dispose, now; the task ends when everything is freed."""
        self._loaded, self._left, self._turns = None, None, []
        return self._connection.dispose()

    @contextmanager
    def _turn(self) -> Iterator[Turn]:
        turn, turns = Turn(epoch=self._connection.epoch), self._turns
        turns.append(turn)
        try:
            yield turn
        finally:
            turns.remove(turn)

    async def _prepare(self, turn: Turn, model: str | ModelRecord | None) -> tuple[Bridge, Wanted]:
        bridge = await self._connection.open(turn.epoch)
        if model == BUILTIN_MODEL:
            model = None  # WebLLM's list does not have it
        found = model if isinstance(model, str) else await bridge.locate(model)
        self._check(turn, bridge)
        return bridge, Wanted(id=id_of(model), text=wire.load_request(found))

    def _begin(self, turn: Turn, bridge: Bridge, wanted: Wanted) -> GuardedStream:
        is_shared = wanted == self._asked and any(one.wanted == wanted for one in self._turns)
        if not is_shared:
            self._asked, self._asked_era = wanted, self._asked_era + 1
        turn.wanted, turn.era = wanted, self._asked_era
        self._left = self._loaded or self._left
        self._loaded = self._loss = None
        return self._guarded(bridge, bridge.load(wanted.text), turn.era)

    @contextmanager
    def _leaving(self, turn: Turn) -> Iterator[None]:
        """Have the model back that was there when the one of this turn turns out to be unknown."""
        try:
            yield
        except ModelNotFoundError:
            # The bridge looks for a model before it frees the one it has; any other end of a load
            # leaves nothing, or does not tell what it leaves.
            if self._left and all(one is turn or one.wanted is None for one in self._turns):
                self._loaded, self._left = self._left, None
            raise
        except BaseException:
            self._left = None
            raise
        self._left = None

    async def _follow(self, load: Stream, tell: Callable[[LoadProgress], object]) -> LoadProgress:
        latest = LoadProgress(phase="start", ratio=0.0, text="", elapsed=0.0)
        old_news = unknown = object()
        try:
            while (text := await load.next()) is not None:
                if old_news is unknown:
                    # By now everything has been heard of the model before this one.
                    old_news = self._news
                progress = wire.read_progress(text)
                latest = replace(progress, ratio=max(progress.ratio, latest.ratio))
                if latest.phase != "ready":
                    tell(latest)
        finally:
            load.stop()
        if self._news is not None and old_news not in (unknown, self._news):
            raise self._news  # lost again before this task heard that the load had ended
        # For the caller to tell: only then the model counts as loaded.
        return replace(latest, phase="ready", ratio=1.0, text="Ready")

    def _land(self, turn: Turn, bridge: Bridge, wanted: Wanted) -> None:
        self._check(turn, bridge)
        # A model that was asked for later takes this one's place, or has done so.
        if turn.era >= max(self._era, *(one.era for one in self._turns)):
            self._loaded, self._era = wanted, turn.era

    def _check(self, turn: Turn, bridge: Bridge) -> None:
        self._connection.check(turn.epoch)
        if not self._connection.is_open(bridge):
            raise DisposedError("the bridge was disposed meanwhile")

    def _same(self, epoch: object) -> Engine:
        self._connection.check(epoch)
        return self

    def _guarded(self, bridge: Bridge, stream: Stream, era: int) -> GuardedStream:
        guarded = GuardedStream(stream, on_loss=partial(self._lose, bridge, era))
        self._streams.add(guarded)
        return guarded

    def _hear(self, bridge: Bridge, error: WebLLMError) -> None:
        if self._connection.is_open(bridge):
            self._news = error
            self._lose(bridge, self._era, error)

    def _lose(self, bridge: Bridge, era: int, error: WebLLMError) -> WebLLMError:
        if not self._connection.is_open(bridge):
            return error  # news of a bridge that is no longer ours
        if isinstance(error, DisposedError):
            self._connection.forget()  # behind our back: the next load opens another
        elif era != self._era:
            return error  # news of another model
        self._left = None
        if self._loaded is not None:
            loss = ModelLoss(model=self._loaded.id, error=error)
            self._loaded, self._loss = None, error
            self.model_lost.emit(loss)
            self.lost.emit(error)
        return self._loss or error
