"""The files of the bridge, the engines and the built-in model, as URLs of the browser."""

from __future__ import annotations

import functools
from typing import Any

from pywebllm import wire
from pywebllm.assets import (
    WLLAMA_FILES,
    Assets,
    SiteAssets,
    builtin_record,
    has_wllama,
    model_files,
    read_asset,
    read_wllama,
)
from pywebllm.builtin import BUILTIN_CONFIG
from pywebllm.errors import AssetsError
from pywebllm.records import ModelRecord

from . import host

__all__ = ["WheelAssets", "find_assets"]


def find_assets(url: str | None) -> Assets:
    """Return the files that a site serves at `url`; None: those of the installed wheel."""
    return WheelAssets() if url is None else SiteAssets(host.absolute_url(url))


class WheelAssets:
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
        with host.translated():
            record = builtin_record(str(bridge.urlOf(config)).removesuffix(BUILTIN_CONFIG))
            if bridge.holds(wire.load_request(record)):
                return record  # another page has loaded it
            for name in names:
                await bridge.publish(name, host.to_js(read_asset(name)))
        return record


@functools.cache
def _blob_url(name: str) -> str:
    # Never revoked, because workers that start later import from it again.
    blob = host.js.Blob.new(host.to_js([host.to_js(read_asset(name))]), type="text/javascript")
    url: str = host.js.URL.createObjectURL(blob)
    return url


@functools.cache
def _wllama_url(name: str) -> str:
    # Not before it is needed: it has 10 MB.
    kind = "application/wasm" if name.endswith(".wasm") else "text/javascript"
    blob = host.js.Blob.new(host.to_js([host.to_js(read_wllama(name))]), type=kind)
    url: str = host.js.URL.createObjectURL(blob)
    return url
