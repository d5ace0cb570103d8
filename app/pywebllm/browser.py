"""The border to JavaScript: the only module of the library that imports `js` and `pyodide`.

It implements the Protocols of `bridge` over `webllm_bridge.js`, locates that file, and publishes
the files in the wheel to the browser. Only JSON strings, `None` and two methods cross, never a
Python callable; a rejected promise becomes a `WebLLMError` here. On CPython the module can be
imported, and its functions raise `SupportError`.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from typing import Any, Literal, TypeAlias, TypeVar

from . import wire
from .assets import (
    BRIDGE_FILE,
    WEBLLM_FILE,
    WLLAMA_FILES,
    Assets,
    SiteAssets,
    base_url,
    builtin_record,
    has_wllama,
    model_files,
    read_asset,
    read_wllama,
)
from .bridge import Bridge, Stream
from .builtin import BUILTIN_CONFIG, BUILTIN_MODEL
from .errors import (
    AssetsError,
    DownloadError,
    ModelNotFoundError,
    SupportError,
    WebLLMError,
    error_for,
)
from .records import ModelRecord, WllamaRecord
from .relayed import Port, borrowed
from .request.duration import read_keep_alive
from .support import explain_host
from .values import EngineChoice, Support

try:
    import js
    from pyodide import ffi
    from pyodide.code import run_js
    from pyodide.ffi import JsException, to_js
except ModuleNotFoundError:  # CPython: `_require_browser` raises when the module is used
    js = None

__all__ = [
    "Obstacle",
    "browser_model_state",
    "check_support",
    "message_port",
    "obstacle_to",
    "open_bridge",
    "open_browser_model",
    "run_sync",
]

# What keeps a page from reading what a server answers.
Obstacle: TypeAlias = Literal["mixed content", "cors", "unreachable", "unknown"]

T = TypeVar("T")


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
    loaded, assets = await _load_bridge(assets_url, module)
    with _translated():
        config = wire.bridge_config(
            webllm_url=assets.url(WEBLLM_FILE),
            thread=thread,
            keep_alive=seconds,
            max_models=max_models,
        )
        opened = await loaded.openSharedBridge(config) if share else loaded.openBridge(config)
        return _JsBridge(opened, assets, engine=engine)


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

    Cancelled, nothing is left open.

    Raises:
        SupportError: Python does not run in a browser, or the page's policy blocks the bridge.
        AssetsError: No `assets_url` was given, and this installation contains no files.
        DownloadError: `webllm_bridge.js` could not be imported.
    """
    loaded, assets = await _load_bridge(assets_url, module)
    with _translated():
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
    loaded, assets = await _load_bridge(assets_url, module)
    with _translated():
        return _BrowserModelBridge(loaded.openBrowserModel(), assets)


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
    _require_browser()
    loaded = await _import_bridge(_find_assets(assets_url)) if module is None else module
    with _translated():
        found: str = await loaded.checkBrowserModel()
    return wire.read_browser_model(found)


async def obstacle_to(url: str) -> tuple[Obstacle, str]:
    """Return what most likely kept this page from reading an answer of a URL, and its own origin.

    A page only learns that a request failed. One whose answer it does not ask to read succeeds if
    a server is there. Cancelled, nothing is left open.
    """
    try:
        _require_browser()
    except SupportError:
        return "unknown", ""
    origin = str(js.origin)
    is_local = js.URL.new(url).hostname in ("localhost", "127.0.0.1", "[::1]")
    if origin.startswith("https:") and url.startswith("http:") and not is_local:
        return "mixed content", origin
    try:
        await js.fetch(url, mode="no-cors")
    except JsException:
        return "unreachable", origin
    return "cors", origin


def run_sync(awaitable: Awaitable[T]) -> T:
    """Wait for `awaitable` without `await` and return its result; the page stays responsive.

    It needs JavaScript Promise Integration (JSPI): a browser that has it, and Python code that
    was started in a way that can be suspended.

    Raises:
        SupportError: One of the two is missing, or Python does not run in a browser; nothing
            was started.
        BaseException: Whatever `awaitable` raises.
    """
    try:
        _require_suspension()
    except SupportError:
        if inspect.iscoroutine(awaitable):
            awaitable.close()  # Python warns of a coroutine that is never awaited
        raise
    found: T = ffi.run_sync(awaitable)
    return found


def message_port(port: Any) -> Port:
    """Return a JavaScript object that posts messages as a `Port`.

    Args:
        port: A `MessagePort`, a `Worker`, or the global object of a dedicated worker.
    """
    return _JsPort(port)


class _JsPort:
    """A port of JavaScript; only strings cross."""

    def __init__(self, port: Any) -> None:
        self._port = port
        self._proxies: list[Any] = []

    def post(self, text: str) -> None:
        self._port.postMessage(text)

    def listen(self, handler: Callable[[str], object]) -> None:
        proxy = ffi.create_proxy(lambda event: handler(str(event.data)))
        self._proxies.append(proxy)
        self._port.addEventListener("message", proxy)
        if hasattr(self._port, "start"):  # a MessagePort keeps its messages until then
            self._port.start()

    def close(self) -> None:
        proxies, self._proxies = self._proxies, []
        for proxy in proxies:
            self._port.removeEventListener("message", proxy)
            proxy.destroy()


class _JsStream:
    """A stream of the bridge. The JavaScript stream is dropped at the end, with its proxy."""

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

    The built-in model's files are published again before each load of it, but not for requests to
    a loaded model. If none of them is missing, this reads and compares the wheel's 9 MB.
    """

    def __init__(self, bridge: Any, assets: Assets, *, engine: str = "auto") -> None:
        self._bridge = bridge
        self._assets = assets
        self._engine = engine
        self._publishing = asyncio.Lock()
        self._builtin: ModelRecord | None = None  # its URLs stay the same

    @property
    def is_shared(self) -> bool:
        return bool(self._bridge.isShared)

    async def locate(self, model: ModelRecord | None) -> ModelRecord:
        if model is not None:
            return self._custom(model)
        async with self._publishing:
            # The browser may evict the files at any time; only a load reads them.
            if self._builtin is None or not self._holds(self._builtin):
                choice = await self._choose()
                found = await self._assets.builtin(self._bridge)
                self._builtin = (
                    self._for_wllama(found, choice.reason) if choice.engine == "wllama" else found
                )
            return self._builtin

    def load(self, request: str) -> Stream:
        return _JsStream(self._bridge.load(request))

    def generate(self, request: str) -> Stream:
        return _JsStream(self._bridge.generate(request))

    def query(self, request: str) -> Stream:
        return _JsStream(self._bridge.query(request))

    def watch(self) -> Stream:
        return _JsStream(self._bridge.watch())

    def in_use_by(self) -> int:
        return int(self._bridge.inUseBy()) if self.is_shared else 0

    async def unload(self, *, force: bool) -> None:
        if self.is_shared:
            with _translated():
                await self._bridge.unload(force)

    async def dispose(self) -> None:
        with _translated():
            await self._bridge.dispose()

    async def _choose(self) -> EngineChoice:
        if self._engine == "auto" and self._assets.wllama is not False:
            with _translated():
                found: str = await self._bridge.chooseEngine(self._assets.wllama)
            return wire.read_choice(found)
        return EngineChoice(engine="wllama" if self._engine == "wllama" else "webllm")

    def _custom(self, model: ModelRecord) -> ModelRecord:
        found = _absolute(model)
        return found if model.gguf is None else self._for_wllama(found, "")

    def _for_wllama(self, model: ModelRecord, reason: str) -> WllamaRecord:
        module, wasm = self._assets.wllama_urls()
        known = {field.name: getattr(model, field.name) for field in fields(ModelRecord)}
        return WllamaRecord(**known, wllama_url=module, wasm_url=wasm, reason=reason)

    def _holds(self, model: ModelRecord) -> bool:
        with _translated():
            return bool(self._bridge.holds(wire.load_request(model)))


class _BrowserModelBridge(_JsBridge):
    """A bridge to the browser's own model, which has no files."""

    async def locate(self, model: ModelRecord | None) -> ModelRecord:
        named = BUILTIN_MODEL if model is None else model.model_id
        raise ModelNotFoundError(f"the browser's own model is called browser, got {named}")


class _WheelAssets:
    """Files in the wheel: modules become `blob:` URLs, the model is published."""

    def url(self, name: str) -> str:
        return _blob_url(name)

    @property
    def wllama(self) -> str | bool:
        return has_wllama()

    def wllama_urls(self) -> tuple[str, str]:
        module, wasm = map(_wllama_url, WLLAMA_FILES)
        return module, wasm

    async def builtin(self, bridge: Any) -> ModelRecord:
        names = model_files()
        config = next((name for name in names if name.endswith("/" + BUILTIN_CONFIG)), None)
        if config is None:
            raise AssetsError(f"the built-in model has no {BUILTIN_CONFIG}")
        with _translated():
            record = builtin_record(str(bridge.urlOf(config)).removesuffix(BUILTIN_CONFIG))
            if bridge.holds(wire.load_request(record)):
                return record  # another page has loaded it
            for name in names:
                await bridge.publish(name, to_js(read_asset(name)))
        return record


def _require_browser() -> None:
    # Pyodide in Node.js has `js`, but no document and no scope of a worker.
    if js is None or not (hasattr(js, "document") or hasattr(js, "WorkerGlobalScope")):
        raise _unsupported("no-browser")


def _require_suspension() -> None:
    _require_browser()
    if not hasattr(ffi, "can_run_sync"):  # before 0.26
        raise _unsupported("old-pyodide")
    if not hasattr(js.WebAssembly, "Suspending"):
        raise _unsupported("no-jspi")
    if not ffi.can_run_sync():
        raise _unsupported("no-suspension")


def _unsupported(code: str) -> SupportError:
    problem, advice = explain_host(code)
    return SupportError(problem, advice=advice)


def _find_assets(url: str | None) -> Assets:
    return _WheelAssets() if url is None else SiteAssets(_absolute_url(url))


def _absolute(model: ModelRecord) -> ModelRecord:
    if model.gguf is not None:
        return replace(model, gguf=tuple(map(_absolute_url, model.parts)))
    manifest, gpu_model_lib = model.model_manifest, model.gpu_model_lib
    return replace(
        model,
        model=_absolute_url(model.model),
        model_lib=_absolute_url(model.model_lib),
        gpu_model_lib=None if gpu_model_lib is None else _absolute_url(gpu_model_lib),
        model_manifest=None if manifest is None else _absolute_url(manifest),
    )


def _absolute_url(url: str) -> str:
    address = js.document.baseURI if hasattr(js, "document") else js.location.href
    with _translated():
        base = base_url(url, address=address, origin=js.location.origin)
        return str(js.URL.new(url, base).href)


# How often the import of each URL has failed.
_failures: dict[str, int] = {}


async def _load_bridge(assets_url: str | None, module: Any) -> tuple[Any, Assets]:
    _require_browser()
    assets = _find_assets(assets_url)
    return (await _import_bridge(assets) if module is None else module), assets


async def _import_bridge(assets: Assets) -> Any:
    url = assets.url(BRIDGE_FILE)
    failures = _failures.get(url, 0)
    try:
        # A module that failed to load stays failed under its URL; a fragment makes a new URL.
        return await _import_module(f"{url}#{failures}" if failures else url)
    except JsException as error:
        _failures[url] = failures + 1
        raise _import_error(url, error) from error


async def _import_module(url: str) -> Any:
    # PyScript's own import works under a policy without 'unsafe-eval'. In a worker it would import
    # into the page, while this Python runs in the worker.
    pyscript = _find_pyscript()
    if pyscript is None or pyscript.RUNNING_IN_WORKER:
        return await run_js("(url) => import(url)")(url)
    (module,) = await pyscript.js_import(url)
    return module


def _find_pyscript() -> Any:
    # Not with this module: a memory snapshot of Python has this one, but is older than PyScript's.
    try:
        import pyscript  # noqa: PLC0415
    except ModuleNotFoundError:
        return None
    return pyscript


def _import_error(url: str, error: Any) -> WebLLMError:
    if error.name == "EvalError":
        return SupportError(
            "the page's Content-Security-Policy forbids eval, which is needed to import the bridge",
            advice="Import webllm_bridge.js in the page and pass it as `module`, or use PyScript.",
        )
    return DownloadError(
        f"the bridge could not be imported from {url}: {error.message}",
        advice="Check `assets_url`; a Content-Security-Policy must allow it in script-src and"
        " worker-src (for the files of the wheel: blob:).",
    )


@functools.cache
def _blob_url(name: str) -> str:
    # Never revoked, because workers that start later import from it again.
    blob = js.Blob.new(to_js([to_js(read_asset(name))]), type="text/javascript")
    url: str = js.URL.createObjectURL(blob)
    return url


@functools.cache
def _wllama_url(name: str) -> str:
    # Not before it is needed: it has 10 MB.
    kind = "application/wasm" if name.endswith(".wasm") else "text/javascript"
    blob = js.Blob.new(to_js([to_js(read_wllama(name))]), type=kind)
    url: str = js.URL.createObjectURL(blob)
    return url


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except JsException as error:
        raise error_for(error.name, error.message) from error
