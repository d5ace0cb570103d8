"""Run a benchmark of this folder in a page of the served site, and print its results."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, Route, sync_playwright

from model.browser.chromium import FLAGS, find_chromium
from model.browser.server import QuietHandler, serving
from model.browser.site import served_site

__all__ = ["chromium", "evaluate_staged", "print_figures"]

_FOLDER = Path(__file__).parent


class _IsolatedHandler(QuietHandler):
    """Makes pages cross-origin isolated."""

    def end_headers(self) -> None:
        """Send the headers; an isolated page has a clock resolution of 5 µs instead of 100."""
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        super().end_headers()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Chromium with WebGPU on SwiftShader, for the duration of a `with` block.

    Raises:
        SystemExit: Chromium is not installed.
    """
    path = find_chromium()
    if path is None:
        raise SystemExit("Chromium is not installed. Run tests/setup to install it.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


def evaluate_staged(site: Path, script: str) -> dict[str, Any]:
    """Return what a script of a staged folder gives in Chromium on SwiftShader, without a limit.

    Raises:
        SystemExit: Chromium is not installed.
    """
    handler = partial(_IsolatedHandler, directory=str(site))
    with serving(handler) as origin, chromium() as browser:
        page = browser.new_page()
        page.set_default_timeout(0)
        page.goto(origin)
        found: dict[str, Any] = page.evaluate((site / script).read_text("utf-8"))
    return found


def print_figures(module: str, open_page: Callable[[Page, str], object]) -> None:
    """Evaluate `run()` of the JavaScript module in Chromium on SwiftShader, and print its result.

    `open_page` is called with an empty tab and the URL of the site, and opens a page of the site.

    Raises:
        SystemExit: Chromium is not installed.
    """
    with served_site() as site, chromium() as browser:
        page = browser.new_page()
        page.route(f"{site}bench/*", _answer)
        open_page(page, site)
        figures = page.evaluate(f"async () => (await import('/bench/{module}')).run()")
    sys.stdout.write(json.dumps(figures, indent=2) + "\n")


def _answer(route: Route) -> None:
    route.fulfill(path=_FOLDER / Path(route.request.url).name)
