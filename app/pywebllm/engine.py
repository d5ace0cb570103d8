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
        self._gate = asyncio.Lock()  # opening and disposing, one at a time
        self._disposal: asyncio.Task[None] | None = None
        self._loaded: str | None = None  # the request that loaded the model
        self._loading: dict[object, str | None] = {}  # of each running load, None: not known yet

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
        token = object()
        self._loading[token] = None
        try:
            bridge = await self._opened()
            request = await _load_request(bridge, model)
            if self._loaded == request:
                return
            self._loaded = None
            self._loading[token] = request
            await _follow(self._guarded(bridge, bridge.load(request)), on_progress)
            if all(other in (None, request) for other in self._loading.values()):
                self._loaded = request
        finally:
            del self._loading[token]

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

        Running loads and answers end with `DisposedError`. A later `load` starts anew.
        Cancelled, the engine is freed all the same, a moment later.
        """
        self._loaded = None
        if self._disposal is None or self._disposal.done():
            self._disposal = asyncio.create_task(self._dispose(), name="pywebllm dispose")
        await asyncio.shield(self._disposal)

    async def _opened(self) -> Bridge:
        async with self._gate:
            if self._bridge is None:
                if self._watcher is not None:
                    await self._watcher.close()
                bridge = await self._open_bridge()
                self._watcher = Watcher(bridge.watch(), on_loss=partial(self._lose, bridge))
                self._bridge = bridge
            return self._bridge

    async def _dispose(self) -> None:
        async with self._gate:
            bridge, self._bridge = self._bridge, None
            watcher, self._watcher = self._watcher, None
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

    def _lose(self, bridge: Bridge, error: WebLLMError) -> None:
        if bridge is not self._bridge:
            return  # news of a bridge that is no longer ours
        if isinstance(error, DisposedError):
            self._bridge = None  # disposed behind our back: the next load opens another
        was_loaded, self._loaded = self._loaded is not None, None
        if was_loaded:
            self.lost.emit(error)


async def _load_request(bridge: Bridge, model: Model) -> str:
    found = wire.read_model(model)
    return wire.load_request(found if isinstance(found, str) else await bridge.locate(found))


async def _follow(stream: Stream, on_progress: Callable[[LoadProgress], object] | None) -> None:
    latest = LoadProgress(phase="start", ratio=0.0, text="", elapsed=0.0)
    tell = on_progress or (lambda progress: None)
    try:
        while (text := await stream.next()) is not None:
            progress = wire.read_progress(text)
            latest = replace(progress, ratio=max(progress.ratio, latest.ratio))
            tell(latest)
    finally:
        stream.stop()
    if latest.phase != "ready":
        tell(replace(latest, phase="ready", ratio=1.0, text="Ready"))
