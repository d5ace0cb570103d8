"""The one bridge of an engine: opened when it is first needed, freed, and opened again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from pywebllm.bridge import Bridge
from pywebllm.errors import DisposedError, WebLLMError

from .guard import Watcher

__all__ = ["Connection"]


class Connection:
    """Opens one bridge at a time by `open_bridge`, and watches it.

    `on_loss` hears what the bridge reports by itself, with the bridge that it is about.
    `epoch` is another object after each disposal: work that began in an older one is over.
    """

    def __init__(
        self,
        open_bridge: Callable[[], Awaitable[Bridge]],
        *,
        on_loss: Callable[[Bridge, WebLLMError], object],
    ) -> None:
        self._open_bridge = open_bridge
        self._on_loss = on_loss
        self._bridge: Bridge | None = None
        self._watcher: Watcher | None = None
        self._failure: WebLLMError | None = None  # how opening failed last
        self._gate = asyncio.Lock()  # opening and freeing, one at a time
        self._disposal: asyncio.Task[None] | None = None
        self.epoch = object()

    def is_open(self, bridge: Bridge) -> bool:
        """Tell whether this bridge is the one in use."""
        return bridge is self._bridge

    def check(self, epoch: object) -> None:
        """Raise when there was a disposal since `epoch` was current.

        Raises:
            DisposedError: There was.
        """
        if epoch is not self.epoch:
            raise DisposedError("the engine was disposed meanwhile")

    def forget(self) -> None:
        """Let go of a bridge that was disposed behind our back."""
        self._bridge = None

    async def open(self, epoch: object) -> Bridge:
        """Return the bridge; open it when there is none.

        Who waits while another opens shares its bridge, or its failure. Cancelled, nothing is
        left open, and who waits opens it.

        Raises:
            WebLLMError: It could not be opened; it can be tried again.
            DisposedError: There was a disposal since `epoch` was current.
        """
        if self._disposal is not None and not self._disposal.done():
            # The GPU may be too small for the old model and the new one at once.
            await asyncio.wait([self._disposal])
        failure = self._failure
        async with self._gate:
            self.check(epoch)
            if self._failure is not None and self._failure is not failure:
                raise self._failure
            if self._bridge is None:
                self._bridge = await self._opened(epoch)
            return self._bridge

    def dispose(self) -> asyncio.Task[None]:
        """Begin to free the bridge, now. The task ends when it is freed, and those before it."""
        # All of it before the first await: what begins now must find nothing of this.
        self.epoch = object()
        bridge, self._bridge = self._bridge, None
        watcher, self._watcher = self._watcher, None
        self._disposal = asyncio.create_task(self._free(bridge, watcher), name="pywebllm dispose")
        return self._disposal

    async def _opened(self, epoch: object) -> Bridge:
        if self._watcher is not None:
            await self._watcher.close()
        try:
            bridge = await self._open_bridge()
        except WebLLMError as error:
            self._failure = error
            raise
        if epoch is not self.epoch:
            await bridge.dispose()
        self.check(epoch)
        self._watcher = Watcher(bridge.watch(), on_loss=partial(self._on_loss, bridge))
        return bridge

    async def _free(self, bridge: Bridge | None, watcher: Watcher | None) -> None:
        async with self._gate:
            try:
                if bridge is not None:
                    await bridge.dispose()
            finally:
                if watcher is not None:
                    await watcher.close()
