"""What opens a bridge, and what says whether one can be opened."""

from __future__ import annotations

import asyncio
from typing import Any, Literal

from pywebllm import wire
from pywebllm.assets import WEBLLM_FILE
from pywebllm.bridge import Bridge
from pywebllm.relayed import borrowed
from pywebllm.request.duration import read_keep_alive
from pywebllm.values import Support

from . import host
from .bridges import BrowserModelBridge, JsBridge
from .files import find_assets
from .importing import import_bridge, load_bridge

__all__ = ["browser_model_state", "check_support", "open_bridge", "open_browser_model"]


async def open_bridge(
    *,
    assets_url: str | None = None,
    thread: Literal["worker", "main"] = "worker",
    module: Any = None,
    engine: Literal["auto", "webllm", "wllama"] = "auto",
    share: bool = False,
    keep_alive: float | str = "5m",
    max_models: int = 1,
) -> Bridge:
    """Open a bridge to a new engine; no model is downloaded before the first load.

    Args:
        assets_url: The folder that serves `webllm_bridge.js`, `webllm.js` and `models/`, absolute
            or relative to the page (in a worker from a `blob:` URL, only `/…` is relative). None:
            the files in the installed wheel, without any request.
        thread: `worker` keeps the page responsive; `main` runs the engine in the page itself.
            Where no worker can run, as in a SharedWorker or a sandboxed frame, it is always `main`.
        module: `webllm_bridge.js` as an imported module, for pages whose Content-Security-Policy
            forbids `eval` and that do not use PyScript: pass it to `pyodide.registerJsModule`
            and import it in Python.
        engine: The engine of the built-in model, as for `AsyncWebLLM`.
        share: True to share the engine with all pages of the origin that use the same files, where
            the browser can; else the bridge has an engine of its own, see `Bridge.is_shared`.
        keep_alive: As for `AsyncWebLLM`.
        max_models: As for `AsyncWebLLM`; for a shared engine.

    After `borrow_models` the engine is that of the lender, and only `keep_alive` is looked at.

    Cancelled, nothing is left open.

    Raises:
        SupportError: Python does not run in a browser, or the page's policy blocks the bridge.
        AssetsError: No `assets_url` was given, and this installation contains no files.
        InvalidRequestError: `assets_url` is relative to nothing, or `keep_alive` is no duration.
        DownloadError: `webllm_bridge.js` could not be imported.
    """
    seconds = read_keep_alive(keep_alive)
    if (lender := borrowed()) is not None:
        return lender.open_bridge()
    loaded, assets = await load_bridge(assets_url, module)
    with host.translated():
        config = wire.bridge_config(
            webllm_url=assets.url(WEBLLM_FILE),
            thread=thread,
            keep_alive=seconds,
            max_models=max_models,
        )
        opened = await _open_shared(loaded, config) if share else loaded.openBridge(config)
        return JsBridge(opened, assets, engine=engine)


async def _open_shared(loaded: Any, config: str) -> Any:
    opening = asyncio.ensure_future(loaded.openSharedBridge(config))
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        # A promise goes on all the same: what it opens is closed then.
        opening.add_done_callback(_close)
        raise


def _close(opening: asyncio.Future[Any]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().dispose()


async def check_support(
    *,
    assets_url: str | None = None,
    module: Any = None,
    engine: Literal["auto", "webllm", "wllama"] = "auto",
) -> Support:
    """Return whether this browser can run a model, before anything large is downloaded.

    A browser without WebGPU is not an error: see `Support.ok`. The GPU is looked for both here and
    in a worker, where the engine runs; `Support.thread` says where that is.

    Args:
        assets_url: As for `open_bridge`.
        module: As for `open_bridge`.
        engine: The engine to check; `auto`: the one that would be taken.

    After `borrow_models` it is the lender that checks, for its own client.

    Cancelled, nothing is left open.

    Raises:
        SupportError: Python does not run in a browser, or the page's policy blocks the bridge.
        AssetsError: No `assets_url` was given, and this installation contains no files.
        DownloadError: `webllm_bridge.js` could not be imported.
    """
    if (lender := borrowed()) is not None:
        return await lender.check_support()
    loaded, assets = await load_bridge(assets_url, module)
    with host.translated():
        found: str = await loaded.checkSupport(None, None, assets.wllama)
    return wire.read_support(found, engine=engine)


async def open_browser_model(*, assets_url: str | None = None, module: Any = None) -> Bridge:
    """Open a bridge to the browser's own model, whose only model is `browser`.

    Args:
        assets_url: As for `open_bridge`.
        module: As for `open_bridge`.

    Cancelled, nothing is left open.

    Raises:
        SupportError: Python does not run in a browser, or the page's policy blocks the bridge.
        AssetsError: No `assets_url` was given, and this installation contains no files.
        DownloadError: `webllm_bridge.js` could not be imported.
    """
    loaded, assets = await load_bridge(assets_url, module)
    with host.translated():
        return BrowserModelBridge(loaded.openBrowserModel(), assets)


async def browser_model_state(*, assets_url: str | None = None, module: Any = None) -> str:
    """Return whether the browser has a model of its own for this page; nothing is downloaded.

    It is a word of the Prompt API, `available`, `downloadable`, `downloading` or `unavailable`; or
    `missing` where there is no such interface, and `worker` where Python runs in one.

    Args:
        assets_url: As for `open_bridge`.
        module: As for `open_bridge`.

    Cancelled, nothing is left open.

    Raises:
        SupportError: As for `open_browser_model`.
        AssetsError: As for `open_browser_model`.
        DownloadError: As for `open_browser_model`.
    """
    host.require_browser()
    loaded = await import_bridge(find_assets(assets_url)) if module is None else module
    with host.translated():
        found: str = await loaded.checkBrowserModel()
    return wire.read_browser_model(found)
