"""The names of JavaScript and Pyodide, for the other modules of this package, and errors of both.

On CPython there are none.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pywebllm.assets import base_url
from pywebllm.errors import SupportError
from pywebllm.rejections import error_for
from pywebllm.support import explain_host

__all__ = [
    "JsException",
    "absolute_url",
    "ffi",
    "js",
    "require_browser",
    "run_js",
    "to_js",
    "translated",
    "unsupported",
]

try:
    import js
    from pyodide import ffi
    from pyodide.code import run_js
    from pyodide.ffi import JsException, to_js
except ModuleNotFoundError:  # CPython: `require_browser` raises when the module is used
    js = ffi = run_js = to_js = None
    JsException = ()  # `except` catches nothing by it


def require_browser() -> None:
    """Raise `SupportError` where Python does not run in a page or a worker of one."""
    # Pyodide in Node.js has `js`, but no document and no scope of a worker.
    if js is None or not (hasattr(js, "document") or hasattr(js, "WorkerGlobalScope")):
        raise unsupported("no-browser")


def unsupported(code: str) -> SupportError:
    """Return the error of a host that lacks what `code` names."""
    problem, advice = explain_host(code)
    return SupportError(problem, advice=advice)


def absolute_url(url: str) -> str:
    """Return `url` resolved against the page."""
    address = js.document.baseURI if hasattr(js, "document") else js.location.href
    with translated():
        base = base_url(url, address=address, origin=js.location.origin)
        return str(js.URL.new(url, base).href)


@contextmanager
def translated() -> Iterator[None]:
    """Raise what JavaScript rejects with as an error of this library."""
    try:
        yield
    except JsException as error:
        raise error_for(error.name, error.message) from error
