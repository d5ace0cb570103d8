"""Import the site's modules, and what the views take from npm: `static/libraries/NAME.js`."""

from __future__ import annotations

from typing import Any

import js

__all__ = ["import_library", "import_module"]

_imported: dict[str, Any] = {}


async def import_library(name: str) -> Any:
    """Return a module of `static/libraries`, imported when it is first needed.

    Raises:
        pyodide.ffi.JsException: It could not be fetched.
    """
    if name not in _imported:
        _imported[name] = await import_module(f"libraries/{name}.js")
    return _imported[name]


async def import_module(path: str) -> Any:
    """Return a JavaScript module of the site, by its path.

    Raises:
        pyodide.ffi.JsException: It could not be fetched.
    """
    # Not with this module: a memory snapshot of Python has this one, but is older than PyScript's.
    from pyscript import js_import  # noqa: PLC0415

    (module,) = await js_import(js.URL.new(path, js.document.baseURI).href)
    return module
