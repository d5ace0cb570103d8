"""Locations of the files that the engine needs besides Python.

The wheel contains them in the folder `assets`. A checkout and a page's own copy of the library do
not; they need an `assets_url`. `browser` passes the bytes to the browser.
"""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

from .builtin import (
    BUILTIN_CHECKSUMS,
    BUILTIN_GPU_LIBRARY,
    BUILTIN_LIBRARY,
    BUILTIN_MODEL,
    BUILTIN_PATH,
)
from .errors import AssetsError, InvalidRequestError
from .records import ModelRecord

__all__ = [
    "BRIDGE_FILE",
    "WEBLLM_FILE",
    "WLLAMA_FILES",
    "Assets",
    "SiteAssets",
    "base_url",
    "builtin_record",
    "has_wllama",
    "model_files",
    "read_asset",
    "read_wllama",
]

BRIDGE_FILE = "webllm_bridge.js"
WEBLLM_FILE = "webllm.js"
# wllama's module and llama.cpp as WebAssembly, which the package pywebllm-wllama contains.
WLLAMA_FILES = ("wllama/wllama.js", "wllama/wllama.wasm")

# A path, for Pyodide installs a wheel as files; `importlib.resources` takes 40 ms to import there.
_ASSETS = Path(__file__).with_name("assets")

_SCHEME = re.compile("[a-z][a-z0-9+.-]*:", re.IGNORECASE)


class Assets(Protocol):
    """The location of the files."""

    def url(self, name: str) -> str:
        """Return a URL from which the browser can import a file that is a module."""
        ...

    async def builtin(self, bridge: Any) -> ModelRecord:
        """Return the record of the built-in model, whose files `bridge` can then fetch.

        Cancelled, it can be called again.
        """
        ...

    @property
    def wllama(self) -> str | bool:
        """Whether the engine `wllama` is there: a boolean, or a URL that answers if it is."""
        ...

    def wllama_urls(self) -> tuple[str, str]:
        """Return the URLs of `WLLAMA_FILES`.

        Raises:
            AssetsError: They are not installed.
        """
        ...


class SiteAssets:
    """Files on a server, below the absolute URL `url`."""

    def __init__(self, url: str) -> None:
        self._base = url if url.endswith("/") else url + "/"

    def url(self, name: str) -> str:
        """Return the URL of a file."""
        return self._base + name

    async def builtin(self, bridge: Any) -> ModelRecord:
        """Return the record of the built-in model at once: the server has its files."""
        return builtin_record(self._base + BUILTIN_PATH)

    @property
    def wllama(self) -> str | bool:
        """The URL of wllama's module."""
        return self.url(WLLAMA_FILES[0])

    def wllama_urls(self) -> tuple[str, str]:
        """Return the URLs of `WLLAMA_FILES`."""
        module, wasm = map(self.url, WLLAMA_FILES)
        return module, wasm


def base_url(url: str, *, address: str, origin: str) -> str:
    """Return the URL that `url` is relative to, in a page or worker.

    A worker that was started from a `blob:` or `data:` URL has no folder, so only `/…` is relative
    to something there: to the origin of the page that started it.

    Args:
        url: An absolute or relative URL.
        address: The base URL of the page, or the URL of the worker.
        origin: Its origin; `null` if it has none.

    Raises:
        InvalidRequestError: There is nothing that `url` is relative to.
    """
    if not address.startswith(("blob:", "data:")) or _SCHEME.match(url):
        return address
    if url.startswith("/") and origin != "null":
        return origin
    example = "https://example.org/site/" if origin == "null" else f"{origin}/site/ or /site/"
    raise InvalidRequestError(
        f"{url[:80]!r} is relative to nothing here: this Python runs in a worker that was started"
        f" from a {address.partition(':')[0]}: URL",
        advice=f"Write the whole URL, for example {example}.",
    )


def builtin_record(base: str) -> ModelRecord:
    """Return the record of the built-in model, whose folder has the URL `base`."""
    return ModelRecord(
        model_id=BUILTIN_MODEL,
        model=base,
        model_lib=base + BUILTIN_LIBRARY,
        gpu_model_lib=base + BUILTIN_GPU_LIBRARY,
        integrity={"files": dict(BUILTIN_CHECKSUMS)},
    )


def read_asset(name: str) -> bytes:
    """Return the content of a file, by its path below the assets.

    Raises:
        AssetsError: This installation does not contain it.
    """
    found = _ASSETS.joinpath(name)
    if not found.is_file():
        raise AssetsError(f"this installation of pywebllm contains no {name}")
    return found.read_bytes()


def has_wllama() -> bool:
    """Return whether the package pywebllm-wllama is installed."""
    return _wllama_folder() is not None


def read_wllama(name: str) -> bytes:
    """Return the content of one of `WLLAMA_FILES`.

    Raises:
        AssetsError: The package pywebllm-wllama is not installed.
    """
    folder = _wllama_folder()
    if folder is None:
        raise AssetsError(
            "the engine wllama is not installed",
            advice="Install the package pywebllm-wllama of the same version.",
        )
    return (folder / Path(name).name).read_bytes()


def _wllama_folder() -> Path | None:
    spec = find_spec("pywebllm_wllama")
    return None if spec is None or spec.origin is None else Path(spec.origin).parent


def model_files() -> list[str]:
    """Return the paths of the built-in model's files, below the assets.

    Raises:
        AssetsError: This installation does not contain the model.
    """
    folder = _ASSETS.joinpath(BUILTIN_PATH)
    if not folder.is_dir():
        raise AssetsError("this installation of pywebllm contains no model")
    return sorted(BUILTIN_PATH + entry.name for entry in folder.iterdir() if entry.is_file())
