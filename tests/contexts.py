"""Profiles of the browser whose pages may take long, because the machine may be busy."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Browser, BrowserContext

__all__ = ["PATIENCE", "new_context"]

# Seconds that a page may take for a step. A machine that is busy with other work must not reach it.
PATIENCE = 100


def new_context(chromium: Browser, *, patience: float = PATIENCE, **options: Any) -> BrowserContext:
    """Return a fresh profile, whose pages wait for each step as long as `patience`.

    Args:
        chromium: The browser.
        patience: In seconds.
        options: As for `Browser.new_context` of Playwright.
    """
    context = chromium.new_context(**options)
    context.set_default_timeout(patience * 1000)
    return context
