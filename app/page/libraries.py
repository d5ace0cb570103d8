"""Import what the views take from npm: `static/libraries/NAME.js`, each bundled into one file."""

from __future__ import annotations

from typing import Any

import js
from pyscript import js_import

__all__ = ["import_library"]

_imported: dict[str, Any] = {}


async def import_library(name: str) -> Any:
    """Return a module of `static/libraries`, imported when it is first needed.

    Raises:
        pyodide.ffi.JsException: It could not be fetched.
    """
    if name not in _imported:
        address = js.URL.new(f"libraries/{name}.js", js.document.baseURI).href
        (_imported[name],) = await js_import(address)
    return _imported[name]
