"""Reading an address on the web that the visitor has allowed, by `static/libraries/fetching.js`."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

from page.libraries import import_library
from page.texts import text

from .shelf import ToolProblem

__all__ = ["read_address"]


async def read_address(address: str) -> str:
    """Return the text at an address.

    Raises:
        ToolProblem: It is no address of the web, or could not be read.
    """
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise ToolProblem(text("chat.fetch.address", address=address[:200]))
    fetching = await import_library("fetching")
    found = json.loads(await fetching.readAddress(address))
    if "problem" in found:
        raise ToolProblem(text(f"chat.fetch.{found['problem']}", detail=found.get("detail", "")))
    return str(found["text"])
