"""The files that the engine needs besides Python, as far as Python holds them itself.

The wheel carries them in the folder `assets`; a checkout and a page's own copy of the library
do not, they name an `assets_url` instead. Handing the bytes to the browser is `browser`'s part.
"""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable

from .builtin import BUILTIN_PATH
from .errors import AssetsError

__all__ = ["BRIDGE_FILE", "WEBLLM_FILE", "model_files", "read_asset"]

BRIDGE_FILE = "webllm_bridge.js"
WEBLLM_FILE = "webllm.js"


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
