"""The demo page: say that Python runs, then import what starts the page."""

from __future__ import annotations

import asyncio

import js
from page.elements import find_element, set_text
from page.texts import text, use_language

__all__ = ["start"]


async def start() -> None:
    """Start the page; return when the visitor can act."""
    use_language(js.document.documentElement.lang)
    body = js.document.body
    body.dataset.state = "checking"
    set_text(find_element("status"), text("setup.checking"))
    # That is shown before the library is imported, which in a first visit takes as long as a few
    # frames. (0 would not leave the browser's present task.)
    await asyncio.sleep(0.01)
    try:
        from page.starting import start_page  # noqa: PLC0415
    except BaseException:
        # start.js reports what ends in this state.
        body.dataset.state = "starting"
        raise
    await start_page()
