"""Files of the site that the Python view fetches: examples, and the wheel of a saved page."""

from __future__ import annotations

import js
from pyodide.ffi import JsException
from pywebllm import __version__

from . import saved_page

__all__ = ["build_page", "read_example"]


async def read_example(name: str) -> str:
    """Return the text of an example.

    Cancelled, nothing is left open.

    Raises:
        OSError: It could not be fetched.
    """
    return (await _fetched(f"python/examples/{name}.py")).decode()


async def build_page(title: str, code: str) -> str:
    """Return a page of its own that runs a program, see `saved_page`.

    Cancelled, nothing is left open.

    Raises:
        OSError: The wheel could not be fetched.
    """
    wheel = await _fetched(f"pywebllm-{__version__}-py3-none-any.whl")
    language = js.document.documentElement.lang
    return saved_page.render(title, code, wheel=wheel, language=language)


async def _fetched(path: str) -> bytes:
    address = js.URL.new(path, js.document.baseURI).href
    try:
        response = await js.fetch(address)
        if not response.ok:
            raise OSError(f"{address}: HTTP status {response.status}")
        found: bytes = (await response.arrayBuffer()).to_bytes()
    except JsException as error:  # no connection
        raise OSError(f"{address}: {error}") from error
    return found
