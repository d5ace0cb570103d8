"""Run a benchmark of this folder in a page of the served site, and print its results."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, Route, sync_playwright

from model.browser.chromium import FLAGS, GPU_FLAGS, find_chromium
from model.browser.site import served_site

__all__ = ["chromium", "print_figures", "wait_for_adapter"]

_FOLDER = Path(__file__).parent
_HAS_ADAPTER = """async (seconds) => {
  const end = performance.now() + 1000 * seconds;
  while (!(await navigator.gpu?.requestAdapter()) && performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return Boolean(await navigator.gpu?.requestAdapter());
}"""


@contextmanager
def chromium(*, gpu: bool = False) -> Iterator[Browser]:
    """Start Chromium with WebGPU on SwiftShader, or on the GPU, for the duration of a `with` block.

    Raises:
        SystemExit: Chromium is not installed.
    """
    path = find_chromium()
    if path is None:
        raise SystemExit("Chromium is not installed. Run tests/setup to install it.")
    flags = list(GPU_FLAGS if gpu else FLAGS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        yield browser
        browser.close()


def wait_for_adapter(page: Page, *, seconds: int = 10) -> None:
    """Wait until WebGPU has an adapter: in its first second, Chromium gives none of a real GPU.

    Raises:
        SystemExit: There is none after some seconds.
    """
    if not page.evaluate(_HAS_ADAPTER, seconds):
        raise SystemExit("WebGPU has no adapter here. Omit --gpu to measure on the processor.")


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
