"""The border to JavaScript: the only module of the library that knows `js` and `pyodide`.

It implements the Protocols of `bridge` over `webllm_bridge.js`, finds that file and hands over
the files that the wheel carries. JSON text, `None` and two methods cross; no Python callable
does, and a rejected promise becomes a `WebLLMError` here. On CPython the module can be imported,
and using it is a `SupportError`.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Literal, TypeVar

from . import wire
from .assets import (
    BRIDGE_FILE,
    WEBLLM_FILE,
    Assets,
    SiteAssets,
    builtin_record,
    model_files,
    read_asset,
)
from .bridge import Bridge, Stream
from .builtin import BUILTIN_CONFIG
from .errors import AssetsError, DownloadError, SupportError, WebLLMError, error_for
from .records import ModelRecord
from .values import Support

try:
    import js
    from pyodide import ffi
    from pyodide.code import run_js
    from pyodide.ffi import JsException, to_js
except ModuleNotFoundError:  # CPython: `_require_browser` says so when the module is used
    js = None

try:
    import pyscript
except ModuleNotFoundError:  # Pyodide alone
    pyscript = None

__all__ = ["check_support", "open_bridge", "run_sync"]

T = TypeVar("T")


async def open_bridge(
    *,
    assets_url: str | None = None,
    thread: Literal["worker", "main"] = "worker",
    module: Any = None,
) -> Bridge:
    """Open a bridge to an engine of its own; nothing is downloaded before the first load.

    Args:
        assets_url: The folder that serves `webllm_bridge.js`, `webllm.js` and `models/`, may be
            relative to the page. None: the files that the wheel carries, without any request.
        thread: `worker` keeps the page responsive; `main` runs the engine in the page itself.
        module: `webllm_bridge.js` as an imported module, for pages whose policy forbids `eval`
            and which do not use PyScript (`pyodide.registerJsModule` and `import` bring it).

    Cancelled, nothing is left open.

    Raises:
        SupportError: This is no browser, or its policy keeps the bridge out.
        AssetsError: There is no `assets_url`, and this installation carries no files.
        DownloadError: `webllm_bridge.js` is not at `assets_url`.
    """
    _require_browser()
    assets = _find_assets(assets_url)
    loaded = await _import_bridge(assets) if module is None else module
    with _translated():
        config = wire.bridge_config(webllm_url=assets.url(WEBLLM_FILE), thread=thread)
        return _JsBridge(loaded.openBridge(config), assets)


async def check_support(*, assets_url: str | None = None, module: Any = None) -> Support:
    """Tell whether this browser can run a model, before anything large is downloaded.

    The arguments are those of `open_bridge`. Cancelled, nothing is left behind.

    Raises:
        SupportError, AssetsError, DownloadError: As `open_bridge`; a browser without WebGPU is
            no error but an answer.
    """
    _require_browser()
    loaded = await _import_bridge(_find_assets(assets_url)) if module is None else module
    with _translated():
        return wire.read_support(await loaded.checkSupport())


def run_sync(awaitable: Awaitable[T]) -> T:
    """Wait for `awaitable` without `await`, while the page goes on; return what it returns.

    It needs JavaScript Promise Integration: a browser that has it, and Python code that was
    started in a way that can be suspended.

    Raises:
        SupportError: One of the two is missing, or this is no browser; nothing was started.
        BaseException: Whatever `awaitable` raises.
    """
    try:
        _require_suspension()
    except SupportError:
        if inspect.iscoroutine(awaitable):
            awaitable.close()  # Python warns of a coroutine that nobody awaits
        raise
    found: T = ffi.run_sync(awaitable)
    return found


class _JsStream:
    """A stream of the bridge. `stream` is dropped at the end, and its proxy with it."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    async def next(self) -> str | None:
        if self._stream is None:
            return None
        with _translated():
            text: str | None = await self._stream.next()
        if text is None:
            self._stream = None
        return text

    def stop(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.stop()


class _JsBridge:
    """A bridge of `webllm_bridge.js`.

    The built-in model's files are handed over anew before each load of it, though not for requests
    to a model that is there. Where none is missing, that reads and compares the wheel's 9 MB.
    """

    def __init__(self, bridge: Any, assets: Assets) -> None:
        self._bridge = bridge
        self._assets = assets
        self._publishing = asyncio.Lock()
        self._builtin: ModelRecord | None = None  # its addresses, which stay the same

    async def locate(self, model: ModelRecord | None) -> ModelRecord:
        if model is not None:
            return _absolute(model)
        async with self._publishing:
            # The browser may forget the files at any time; only a load reads them.
            if self._builtin is None or not self._holds(self._builtin):
                self._builtin = await self._assets.builtin(self._bridge)
            return self._builtin

    def load(self, request: str) -> Stream:
        return _JsStream(self._bridge.load(request))

    def generate(self, request: str) -> Stream:
        return _JsStream(self._bridge.generate(request))

    def query(self, request: str) -> Stream:
        return _JsStream(self._bridge.query(request))

    def watch(self) -> Stream:
        return _JsStream(self._bridge.watch())

    async def dispose(self) -> None:
        with _translated():
            await self._bridge.dispose()

    def _holds(self, model: ModelRecord) -> bool:
        with _translated():
            return bool(self._bridge.holds(wire.load_request(model)))


class _WheelAssets:
    """Files that the wheel carries: modules become `blob:` URLs, the model is published."""

    def url(self, name: str) -> str:
        return _blob_url(name)

    async def builtin(self, bridge: Any) -> ModelRecord:
        base = None
        for name in model_files():
            with _translated():
                url: str = await bridge.publish(name, to_js(read_asset(name)))
            if name.endswith("/" + BUILTIN_CONFIG):
                base = url.removesuffix(BUILTIN_CONFIG)
        if base is None:
            raise AssetsError(f"the built-in model has no {BUILTIN_CONFIG}")
        return builtin_record(base)


def _require_browser() -> None:
    if js is None:
        raise SupportError(
            "pywebllm runs models in a browser, and this Python runs outside of one",
            advice="Use it in a page, from Pyodide or PyScript.",
        )


def _require_suspension() -> None:
    _require_browser()
    if not hasattr(js.WebAssembly, "Suspending"):
        raise SupportError(
            "this browser cannot wait inside synchronous Python",
            advice="Use Chrome or Edge 137+, Firefox 153+ or Safari 27+; or `await` it with"
            " AsyncWebLLM, which works in every browser that has WebGPU.",
        )
    if not ffi.can_run_sync():
        raise SupportError(
            "this Python code was called in a way that cannot wait",
            advice="Start it by `pyodide.runPythonAsync`, not in a plain callback; or `await` it"
            " with AsyncWebLLM, which works everywhere.",
        )


def _find_assets(url: str | None) -> Assets:
    return _WheelAssets() if url is None else SiteAssets(_absolute_url(url))


def _absolute(model: ModelRecord) -> ModelRecord:
    manifest = model.model_manifest
    return replace(
        model,
        model=_absolute_url(model.model),
        model_lib=_absolute_url(model.model_lib),
        model_manifest=None if manifest is None else _absolute_url(manifest),
    )


def _absolute_url(url: str) -> str:
    base = js.document.baseURI if hasattr(js, "document") else js.location.href
    with _translated():
        found: str = js.URL.new(url, base).href
    return found


# How often the import of an address has failed.
_failures: dict[str, int] = {}


async def _import_bridge(assets: Assets) -> Any:
    url = assets.url(BRIDGE_FILE)
    failures = _failures.get(url, 0)
    try:
        # A module that failed to load stays failed under its address; a fragment makes a new one.
        return await _import_module(f"{url}#{failures}" if failures else url)
    except JsException as error:
        _failures[url] = failures + 1
        raise _import_error(url, error) from error


async def _import_module(url: str) -> Any:
    # PyScript's own import works under a policy without 'unsafe-eval'. In a worker it imports
    # into the page, where this Python is not.
    if pyscript is None or pyscript.RUNNING_IN_WORKER:
        return await run_js("(url) => import(url)")(url)
    (module,) = await pyscript.js_import(url)
    return module


def _import_error(url: str, error: Any) -> WebLLMError:
    if error.name == "EvalError":
        return SupportError(
            "the page's Content-Security-Policy forbids eval, which importing the bridge needs",
            advice="Import webllm_bridge.js in the page and pass it as `module`, or use PyScript.",
        )
    return DownloadError(
        f"the bridge could not be imported from {url}: {error.message}",
        advice="Check `assets_url`; a Content-Security-Policy must allow it in script-src and"
        " worker-src (for the files of the wheel: blob:).",
    )


@functools.cache
def _blob_url(name: str) -> str:
    # Kept for the life of the page: workers that start later import from it again.
    blob = js.Blob.new(to_js([to_js(read_asset(name))]), type="text/javascript")
    url: str = js.URL.createObjectURL(blob)
    return url


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except JsException as error:
        raise error_for(error.name, error.message) from error
