"""Exporting text: to the clipboard, and as a file that is downloaded."""

from __future__ import annotations

import js
from pyodide.ffi import JsException, to_js

__all__ = ["copy_text", "save_file"]


async def copy_text(text: str) -> bool:
    """Put text on the clipboard; return whether the browser allowed it."""
    try:
        await js.navigator.clipboard.writeText(text)
    except (AttributeError, JsException):  # not a secure page, or the visitor has forbidden it
        return False
    return True


def save_file(name: str, kind: str, content: str) -> None:
    """Offer a file as a download.

    Args:
        name: Its name.
        kind: Its media type, for example `text/markdown`.
        content: Its text.
    """
    blob = js.Blob.new(to_js([content]), type=f"{kind};charset=utf-8")
    link = js.document.createElement("a")
    link.href, link.download = js.URL.createObjectURL(blob), name
    link.click()
    # The browser has taken the file when the click returns.
    js.URL.revokeObjectURL(link.href)
