"""Where the files are that the engine needs besides Python.

The wheel carries them in the folder `assets`; a checkout and a page's own copy of the library
do not, they name an `assets_url` instead. Handing the bytes to the browser is `browser`'s part.
"""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Protocol

from .builtin import BUILTIN_LIBRARY, BUILTIN_MODEL, BUILTIN_PATH
from .errors import AssetsError
from .records import ModelRecord

__all__ = [
    "BRIDGE_FILE",
    "WEBLLM_FILE",
    "Assets",
    "SiteAssets",
    "builtin_record",
    "model_files",
    "read_asset",
]

BRIDGE_FILE = "webllm_bridge.js"
WEBLLM_FILE = "webllm.js"


class Assets(Protocol):
    """Where the files are."""

    def url(self, name: str) -> str:
        """Return an address that the browser can import, for a file that is a module."""
        ...

    async def builtin(self, bridge: Any) -> ModelRecord:
        """Return the record of the built-in model, whose files `bridge` can then reach.

        Cancelled, it can be called again.
        """
        ...


class SiteAssets:
    """Files that a server has, below the absolute address `url`."""

    def __init__(self, url: str) -> None:
        self._base = url if url.endswith("/") else url + "/"

    def url(self, name: str) -> str:
        """Return the address of a file."""
        return self._base + name

    async def builtin(self, bridge: Any) -> ModelRecord:
        """Return the record of the built-in model at once: it is where the bridge is."""
        return builtin_record(self._base + BUILTIN_PATH)


def builtin_record(base: str) -> ModelRecord:
    """Return the record of the built-in model, whose folder has the address `base`."""
    return ModelRecord(model_id=BUILTIN_MODEL, model=base, model_lib=base + BUILTIN_LIBRARY)


def read_asset(name: str) -> bytes:
    """Return one of the files, by its path below the assets.

    Raises:
        AssetsError: This installation does not carry it.
    """
    found = _assets().joinpath(name)
    if not found.is_file():
        raise AssetsError(f"this installation of pywebllm carries no {name}")
    return found.read_bytes()


def model_files() -> list[str]:
    """Return the built-in model's files, by their paths below the assets.

    Raises:
        AssetsError: This installation does not carry the model.
    """
    folder = _assets().joinpath(BUILTIN_PATH)
    if not folder.is_dir():
        raise AssetsError("this installation of pywebllm carries no model")
    return sorted(BUILTIN_PATH + entry.name for entry in folder.iterdir() if entry.is_file())


def _assets() -> Traversable:
    return files("pywebllm") / "assets"
