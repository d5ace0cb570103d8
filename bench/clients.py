"""Print the time per chunk of WebLLM alone, of `AsyncWebLLM` and of the official SDK.

Run it as `.venv/bin/python -m bench.clients`; it serves the site and uses Chromium on SwiftShader.
"""

from __future__ import annotations

from playwright.sync_api import Page

from bench.page import print_figures
from model.browser.pyodide_wheels import pyodide_wheels
from model.browser.python import PagePython


def _page_with_sdk(page: Page, site: str) -> None:
    PagePython(page, site, pyodide_wheels("pyodide-requirements.txt"))


if __name__ == "__main__":
    print_figures("clients.js", _page_with_sdk)
