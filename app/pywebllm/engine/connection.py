"""The bridge of an engine: opened when it is first needed, freed, and opened again."""

from __future__ import annotations

import asyncio
import sys
import warnings
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from weakref import WeakMethod

from pywebllm.bridge import Bridge
from pywebllm.cancelling import is_cancelled
from pywebllm.errors import DisposedError, WebLLMError

from .guard import Watcher

__all__ = ["Connection"]

# Strong references to the tasks that free the bridges of dropped connections.
_releases: set[asyncio.Task[None]] = set()


class Connection:
    """Opens one bridge at a time, and watches its events.

    A connection that is dropped with an open bridge emits a `ResourceWarning` and frees the
    bridge. So no task that waits for the bridge may refer to the connection, except those of
    callers.

    Args:
        open_bridge: Opens a bridge.
        on_loss: A method, held weakly; called with the bridge and the error when the bridge
            reports that its engine was lost.

    Attributes:
        disposals: How often `dispose` was called. Work that began at a lower count is over.
    """

    # For `__del__`, in case `__init__` raises.
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
        self._failure: WebLLMError | None = None  # of the last attempt to open that failed
        self._opening: asyncio.Future[Bridge] | None = None
        self._lock = asyncio.Lock()  # opening and freeing, one at a time
        self._disposal: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None  # that of the bridge
        self.disposals = 0

    def is_open(self, bridge: Bridge) -> bool:
        """Return True if this bridge is the one in use."""
        return bridge is self._bridge

    def check(self, disposals: int) -> None:
        """Check that `dispose` was not called since the count was `disposals`.

        Raises:
            DisposedError: It was called.
        """
        if disposals != self.disposals:
            raise DisposedError("the engine was disposed during the operation")

    def forget(self) -> None:
        """Forget a bridge that was disposed elsewhere."""
        self._bridge = None

    async def open(self, disposals: int) -> Bridge:
        """Return the bridge; open it if there is none.

        Concurrent callers share the same bridge, or its error. Cancelled, nothing is left open,
        and another caller that waits opens the bridge.

        Raises:
            WebLLMError: The bridge could not be opened; it can be tried again.
            DisposedError: `dispose` was called since the count was `disposals`.
        """
        if self._disposal is not None and not self._disposal.done():
            # The GPU may be too small for the old model and the new one at once.
            await asyncio.wait([self._disposal])
        failure = self._failure
        async with self._lock:
            self.check(disposals)
            if self._failure is not None and self._failure is not failure:
                raise self._failure
            if self._bridge is None:
                self._bridge = await self._opened(disposals)
            return self._bridge

    @property
    def bridge(self) -> Bridge | None:
        """The bridge in use; None while there is none."""
        return self._bridge

    def dispose(self, *, force: bool | None = None) -> asyncio.Task[None]:
        """Begin to free the bridge at once; return the task that ends when it is freed.

        Bridges of earlier disposals are freed before it.

        Args:
            force: For a shared engine: None leaves its model for as long as it is kept; otherwise
                it is unloaded, with True also if other clients use it.
        """
        # All state changes before the first await, so that later work sees none of the old.
        self.disposals += 1
        if self._opening is not None:
            # What it waits for, such as the network, may never come.
            self._opening.cancel()
        bridge, self._bridge = self._bridge, None
        watcher, self._watcher = self._watcher, None
        work = self._free(bridge, watcher, force)
        self._disposal = asyncio.create_task(work, name="pywebllm dispose")
        return self._disposal

    async def _opened(self, disposals: int) -> Bridge:
        watcher, self._watcher = self._watcher, None
        if watcher is not None:
            await watcher.close()
        self._opening = asyncio.ensure_future(self._open_bridge())
        try:
            bridge = await self._opening
        except WebLLMError as error:
            self._failure = error
            raise
        except asyncio.CancelledError:
            if not is_cancelled():
                self.check(disposals)
            raise
        finally:
            self._opening = None
        if disposals != self.disposals:
            await bridge.dispose()
        self.check(disposals)
        self._loop = asyncio.get_running_loop()
        self._watcher = Watcher(bridge.watch(), on_loss=partial(_report, self._on_loss, bridge))
        return bridge

    async def _free(
        self,
        bridge: Bridge | None,
        watcher: Watcher | None,
        force: bool | None,  # noqa: FBT001, bound by `dispose`
    ) -> None:
        async with self._lock:
            try:
                if bridge is not None and force is not None:
                    await bridge.unload(force=force)
            finally:
                await _free(bridge, watcher)

    def __del__(self) -> None:
        if self._bridge is None or self._loop is None or sys.is_finalizing():
            return
        # In the loop's own thread, because garbage may be collected in any thread. A loop that
        # is closed raises RuntimeError: nothing can be freed any more.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(_release, self._bridge, self._watcher)
        text = "a model in the page was not closed"
        warnings.warn(text, ResourceWarning, stacklevel=2, source=self)


def _report(
    on_loss: WeakMethod[Callable[[Bridge, WebLLMError], object]],
    bridge: Bridge,
    error: WebLLMError,
) -> None:
    method = on_loss()
    if method is not None:
        method(bridge, error)


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
