"""The demo page: say that Python runs, then import what starts the page."""

from __future__ import annotations

import js
from page.elements import find_element, set_text
from page.texts import text, use_language

__all__ = ["report_running", "start"]


def report_running() -> None:
    """Say that Python runs; `static/start/python.js` calls this as soon as it does.

    PyScript, which then calls `start`, and the import of the library take a few frames each.
    """
    use_language(js.document.documentElement.lang)
    # What fails until `start` is reported by start.js, which may have done so.
    if js.document.body.dataset.state == "starting":
        set_text(find_element("status"), text("setup.checking"))


async def start() -> None:
    """Start the page; return when the visitor can act."""
    from page.starting import start_page  # noqa: PLC0415

    js.document.body.dataset.state = "checking"
    await start_page()
