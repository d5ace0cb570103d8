"""The engine: one model at a time, loaded on demand, usable again after anything that happens.

It opens its bridge at the first load and keeps the truth about what is loaded. The order of
operations, joined loads and the engine itself are the bridge's part; words for people and
defaults are the façades' part.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial

from . import wire
from .bridge import Bridge, Stream
from .errors import DisposedError, ModelNotLoadedError, WebLLMError
from .events import Event
from .guard import GuardedStream, Watcher
from .requests import ChatRequest, Model
from .streams import ChunkStream
from .values import Completion, LoadProgress

__all__ = ["Engine"]


class Engine:
    """Loads models and streams answers through a bridge that `open_bridge` opens.

    `lost` tells when a loaded model is gone by itself: the device was lost, or the worker
    crashed. The next `load` works then, and also after `dispose`.
    """

    def __init__(self, open_bridge: Callable[[], Awaitable[Bridge]]) -> None:
        self.lost: Event[WebLLMError] = Event()
        self._open_bridge = open_bridge
        self._bridge: Bridge | None = None
        self._watcher: Watcher | None = None
        self._not_opened: WebLLMError | None = None  # how opening failed last
        self._gate = asyncio.Lock()  # opening and freeing, one at a time
        self._disposal: asyncio.Task[None] | None = None
        self._loaded: str | None = None  # the request that loaded the model
        # The request of each running load, None: not known yet. Disposing puts a new dict here,
        # and a load that began with the old one has been disposed of.
        self._loading: dict[object, str | None] = {}
        self._loss: WebLLMError | None = None  # what told of the loss, until the next load
        self._news: WebLLMError | None = None  # what the watcher heard last

    @property
    def is_loaded(self) -> bool:
        """True while a model is there that answers."""
        return self._loaded is not None

    @property
    def is_loading(self) -> bool:
        """True while a load runs or waits for its turn."""
        return bool(self._loading) and not self.is_loaded

    async def load(
        self,
        model: Model = None,
        *,
        on_progress: Callable[[LoadProgress], object] | None = None,
    ) -> None:
        """Load a model, in place of the one that is loaded; return when it answers.

        `model` is None for the built-in model, an id of WebLLM's list, or a custom record. A
        model that is loaded stays; callers that load the same model share one load.
        `on_progress` hears a ratio from 0 to 1 that never falls; what it raises ends the load.

        Cancelled, the load stops, unless another caller waits for it too: its downloads end,
        its GPU memory is freed, and it can be tried again.

        Raises:
            WebLLMError: The load failed; it can be tried again.
        """
        token, loading = object(), self._loading
        loading[token] = None
        try:
            bridge = await self._opened(loading)
            request = await _load_request(bridge, model)
            self._check(loading)
            if self._loaded == request:
                return
            self._loaded = self._loss = None
            loading[token] = request
            await self._follow(self._guarded(bridge, bridge.load(request)), on_progress)
            if all(other in (None, request) for other in loading.values()):
                self._loaded = request
        finally:
            del loading[token]

    def stream(self, request: ChatRequest) -> ChunkStream:
        """Return the answer as a stream of chunks; the request is made at the first read.

        Raises:
            ModelNotLoadedError: No model is loaded, or loading.
        """
        bridge = self._bridge
        if bridge is None or not (self.is_loaded or self.is_loading):
            raise ModelNotLoadedError("no model is loaded")
        text = wire.generate_request(request)
        return ChunkStream(lambda: self._guarded(bridge, bridge.generate(text)))

    async def complete(self, request: ChatRequest) -> Completion:
        """Return the whole answer.

        Cancelled, the answer stops and the engine is free for the next request.

        Raises:
            WebLLMError: The answer failed.
        """
        async with self.stream(request) as stream:
            async for _ in stream:
                pass
        if stream.final is None:
            raise DisposedError("the engine was disposed while it answered")
        return stream.final

    async def dispose(self) -> None:
        """Free the model, the worker and the GPU memory. May be called again, and at once.

        Loads that began before and running answers end with `DisposedError`. A `load` that
        begins after starts anew. Cancelled, the engine is freed all the same, a moment later.
        """
        # All of it before the first await: a load that begins now must find nothing of this.
        self._loaded, self._loading = None, {}
        bridge, self._bridge = self._bridge, None
        watcher, self._watcher = self._watcher, None
        self._disposal = asyncio.create_task(self._free(bridge, watcher), name="pywebllm dispose")
        await asyncio.shield(self._disposal)

    async def _opened(self, loading: dict[object, str | None]) -> Bridge:
        if self._disposal is not None:
            # The GPU may be too small for the old model and the new one at once.
            await asyncio.wait([self._disposal])
        not_opened = self._not_opened
        async with self._gate:
            self._check(loading)
            if self._not_opened is not None and self._not_opened is not not_opened:
                raise self._not_opened  # who waited for a failed opening shares its failure
            if self._bridge is not None:
                return self._bridge
            if self._watcher is not None:
                await self._watcher.close()
            try:
                bridge = await self._open_bridge()
            except WebLLMError as error:
                self._not_opened = error
                raise
            if self._loading is not loading:
                await bridge.dispose()
            self._check(loading)
            self._watcher = Watcher(bridge.watch(), on_loss=partial(self._hear, bridge))
            self._bridge = bridge
            return bridge

    def _check(self, loading: dict[object, str | None]) -> None:
        if self._loading is not loading:
            raise DisposedError("the engine was disposed meanwhile")

    async def _free(self, bridge: Bridge | None, watcher: Watcher | None) -> None:
        async with self._gate:
            try:
                if bridge is not None:
                    await bridge.dispose()
            finally:
                if watcher is not None:
                    await watcher.close()

    def _guarded(self, bridge: Bridge, stream: Stream) -> Stream:
        return GuardedStream(
            stream,
            is_disposed=lambda: self._bridge is not bridge,
            on_loss=partial(self._lose, bridge),
        )

    async def _follow(
        self, stream: Stream, on_progress: Callable[[LoadProgress], object] | None
    ) -> None:
        latest = LoadProgress(phase="start", ratio=0.0, text="", elapsed=0.0)
        tell = on_progress or (lambda progress: None)
        old_news = unknown = object()
        try:
            while (text := await stream.next()) is not None:
                if old_news is unknown:
                    # By now everything has been heard of the model before this one.
                    old_news = self._news
                progress = wire.read_progress(text)
                latest = replace(progress, ratio=max(progress.ratio, latest.ratio))
                tell(latest)
        finally:
            stream.stop()
        if self._news is not None and old_news not in (unknown, self._news):
            raise self._news  # lost again before this task heard that the load had ended
        if latest.phase != "ready":
            tell(replace(latest, phase="ready", ratio=1.0, text="Ready"))

    def _hear(self, bridge: Bridge, error: WebLLMError) -> None:
        if bridge is self._bridge:
            self._news = error
            self._lose(bridge, error)

    def _lose(self, bridge: Bridge, error: WebLLMError) -> WebLLMError:
        if bridge is not self._bridge:
            return error  # news of a bridge that is no longer ours
        if isinstance(error, DisposedError):
            self._bridge = None  # disposed behind our back: the next load opens another
        if self._loaded is not None:
            self._loaded, self._loss = None, error
            self.lost.emit(error)
        return self._loss or error


async def _load_request(bridge: Bridge, model: Model) -> str:
    found = wire.read_model(model)
    return wire.load_request(found if isinstance(found, str) else await bridge.locate(found))
