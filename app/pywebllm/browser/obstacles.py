"""What kept a page from reading what a server answers."""

from __future__ import annotations

from typing import Literal, TypeAlias

from pywebllm.errors import SupportError

from . import host

__all__ = ["Obstacle", "obstacle_to"]

Obstacle: TypeAlias = Literal["mixed content", "cors", "unreachable", "unknown"]


async def obstacle_to(url: str) -> tuple[Obstacle, str]:
    """Return what most likely kept this page from reading an answer of a URL, and its own origin.

    A page only learns that a request failed. One whose answer it does not ask to read succeeds if
    a server is there. Cancelled, nothing is left open.
    """
    try:
        host.require_browser()
    except SupportError:
        return "unknown", ""
    origin = str(host.js.origin)
    is_local = host.js.URL.new(url).hostname in ("localhost", "127.0.0.1", "[::1]")
    if origin.startswith("https:") and url.startswith("http:") and not is_local:
        return "mixed content", origin
    try:
        await host.js.fetch(url, mode="no-cors")
    except host.JsException:
        return "unreachable", origin
    return "cors", origin
