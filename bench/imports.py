"""Print how long `import pywebllm` takes in a browser, as a ratio to `loadPyodide` in the same run.

    .venv/bin/python -m bench.imports [WHEEL ...]

It serves the site and uses Chromium. The site's wheel is measured in turns with the given ones,
for example that of another revision, each time in a Pyodide of its own.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Page, Route

from bench.page import print_figures
from model.browser.page import bare_page
from model.browser.python import wheels

__all__ = ["main"]


def main(others: Sequence[str]) -> None:
    """Measure the site's wheel and the others."""
    # A folder for each: wheels of two revisions have the same name.
    files = {f"wheel-{i}/{Path(other).name}": Path(other) for i, other in enumerate(others)}

    def open_page(page: Page, site: str) -> None:
        def answer(route: Route) -> None:
            route.fulfill(path=files[route.request.url.removeprefix(site)])

        page.route(f"{site}wheel-*/*", answer)
        bare_page(page, site)
        page.evaluate("wheels => void (globalThis.wheels = wheels)", [wheels()[-1], *files])

    print_figures("imports.js", open_page)


if __name__ == "__main__":
    main(sys.argv[1:])
