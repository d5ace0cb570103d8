"""The one bridge of an engine: opened when it is first needed, freed, and opened again."""

from __future__ import annotations

import asyncio
import sys
import warnings
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from weakref import WeakMethod

from pywebllm.bridge import Bridge
from pywebllm.errors import DisposedError, WebLLMError

from .guard import Watcher

__all__ = ["Connection"]

# Nobody else holds the tasks that free what was dropped.
_releases: set[asyncio.Task[None]] = set()


class Connection:
    """Opens one bridge at a time by `open_bridge`, and watches it.

    `on_loss`, a method, hears what the bridge reports by itself, with the bridge that it is
    about. `epoch` is another object after each disposal: work that began in an older one is over.

    Dropped with a bridge open, it gives a `ResourceWarning` and frees the bridge. So nothing
    that waits for the bridge may hold it, but what someone has a use for.
    """

    # For `__del__`, should `__init__` not get far enough.
    _bridge: Bridge | None = None

    def __init__(
        self,
        open_bridge: Callable[[], Awaitable[Bridge]],
        *,
        on_loss: Callable[[Bridge, WebLLMError], object],
    ) -> None:
        self._open_bridge = open_bridge
        self._on_loss = WeakMethod(on_loss)
        self._watcher: Watcher | None = None
        self._failure: WebLLMError | None = None  # how opening failed last
        self._gate = asyncio.Lock()  # opening and freeing, one at a time
        self._disposal: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None  # that of the bridge
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
        watcher, self._watcher = self._watcher, None
        if watcher is not None:
            await watcher.close()
        try:
            bridge = await self._open_bridge()
        except WebLLMError as error:
            self._failure = error
            raise
        if epoch is not self.epoch:
            await bridge.dispose()
        self.check(epoch)
        self._loop = asyncio.get_running_loop()
        self._watcher = Watcher(bridge.watch(), on_loss=partial(_tell, self._on_loss, bridge))
        return bridge

    async def _free(self, bridge: Bridge | None, watcher: Watcher | None) -> None:
        async with self._gate:
            await _free(bridge, watcher)

    def __del__(self) -> None:
        if self._bridge is None or self._loop is None or sys.is_finalizing():
            return
        # Not now, for garbage may be collected in any thread; and where the loop has ended
        # there is nobody left to wait for the end.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(_release, self._bridge, self._watcher)
        text = "a model in the page was not closed"
        warnings.warn(text, ResourceWarning, stacklevel=2, source=self)


def _tell(
    on_loss: WeakMethod[Callable[[Bridge, WebLLMError], object]],
    bridge: Bridge,
    error: WebLLMError,
) -> None:
    found = on_loss()
    if found is not None:
        found(bridge, error)


def _release(bridge: Bridge, watcher: Watcher | None) -> None:
    task = asyncio.create_task(_free(bridge, watcher), name="pywebllm release")
    _releases.add(task)
    task.add_done_callback(_releases.discard)


async def _free(bridge: Bridge | None, watcher: Watcher | None) -> None:
    try:
        if bridge is not None:
            await bridge.dispose()
    finally:
        if watcher is not None:
            await watcher.close()
