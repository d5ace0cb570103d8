"""The bridge and its streams over the objects of `webllm_bridge.js`."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from pywebllm import wire
from pywebllm.assets import Assets
from pywebllm.bridge import Stream
from pywebllm.builtin import BUILTIN_MODEL
from pywebllm.errors import ModelNotFoundError
from pywebllm.records import ModelRecord, WllamaRecord
from pywebllm.values import EngineChoice

from . import host

__all__ = ["BrowserModelBridge", "JsBridge"]


class JsStream:
    """A stream of the bridge. The JavaScript stream is dropped at the end, with its proxy."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    async def next(self) -> str | None:
        if self._stream is None:
            return None
        with host.translated():
            text: str | None = await self._stream.next()
        if text is None:
            self._stream = None
        return text

    def stop(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.stop()


class JsBridge:
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
        return JsStream(self._bridge.load(request))

    def generate(self, request: str) -> Stream:
        return JsStream(self._bridge.generate(request))

    def query(self, request: str) -> Stream:
        return JsStream(self._bridge.query(request))

    def watch(self) -> Stream:
        return JsStream(self._bridge.watch())

    def in_use_by(self) -> int:
        return int(self._bridge.inUseBy()) if self.is_shared else 0

    async def unload(self, *, force: bool) -> None:
        if self.is_shared:
            with host.translated():
                await self._bridge.unload(force)

    async def dispose(self) -> None:
        with host.translated():
            await self._bridge.dispose()

    async def _choose(self) -> EngineChoice:
        if self._engine == "auto" and self._assets.wllama is not False:
            with host.translated():
                found: str = await self._bridge.chooseEngine(self._assets.wllama)
            return wire.read_choice(found)
        return EngineChoice(engine="wllama" if self._engine == "wllama" else "webllm")

    def _custom(self, model: ModelRecord) -> ModelRecord:
        found = _absolute(model)
        return found if model.gguf is None else self._for_wllama(found, "")

    def _for_wllama(self, model: ModelRecord, reason: str) -> WllamaRecord:
        module, wasm = self._assets.wllama_urls()
        return WllamaRecord.of(model, wllama_url=module, wasm_url=wasm, reason=reason)

    def _holds(self, model: ModelRecord) -> bool:
        with host.translated():
            return bool(self._bridge.holds(wire.load_request(model)))


class BrowserModelBridge(JsBridge):
    """A bridge to the browser's own model, which has no files."""

    async def locate(self, model: ModelRecord | None) -> ModelRecord:
        named = BUILTIN_MODEL if model is None else model.model_id
        raise ModelNotFoundError(f"the browser's own model is called browser, got {named}")


def _absolute(model: ModelRecord) -> ModelRecord:
    if model.gguf is not None:
        return replace(model, gguf=tuple(map(host.absolute_url, model.parts)))
    manifest, gpu_model_lib = model.model_manifest, model.gpu_model_lib
    return replace(
        model,
        model=host.absolute_url(model.model),
        model_lib=host.absolute_url(model.model_lib),
        gpu_model_lib=None if gpu_model_lib is None else host.absolute_url(gpu_model_lib),
        model_manifest=None if manifest is None else host.absolute_url(manifest),
    )
