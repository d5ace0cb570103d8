"""Pages without PyScript: one that serves a model's files, and an empty one of the served site."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Page, Route, sync_playwright

from model.browser.chromium import FLAGS, find_chromium
from model.browser.server import QuietHandler, serving
from model.tools import ToolError

__all__ = ["bare_page", "open_page", "wait_for_no_worker"]

_TIMEOUT_MS: Final = 300_000
_REVISION: Final = "/model/resolve/v1/"
_BARE: Final = "<!doctype html><meta charset=utf-8><title>Python</title><p>Python"


@contextmanager
def open_page(model: Path, files: Mapping[str, Path]) -> Iterator[tuple[Page, str]]:
    """Open an empty page in a new browser; yield the page and the URL of the model.

    The page's origin serves the folder `model`, and `files` by their paths.

    Raises:
        ToolError: Chromium or one of the files is missing.
    """
    for file in files.values():
        if not file.is_file():
            raise ToolError(f"{file} is missing. Run `npm ci` in the root of the repository.")
    chromium = find_chromium()
    if chromium is None:
        raise ToolError("Chromium is not installed. Install it with `apt-get install chromium`.")
    absolute = {path: file.resolve() for path, file in files.items()}
    handler = partial(_Handler, model=model.resolve(), files=absolute)
    with serving(handler) as origin, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        try:
            page = browser.new_page()
            page.set_default_timeout(_TIMEOUT_MS)
            page.goto(origin)
            yield page, f"{origin}{_REVISION}"
        finally:
            browser.close()


def bare_page(page: Page, site: str) -> None:
    """Open an empty page of the site's origin, without PyScript, policy or scripts."""

    def answer(route: Route) -> None:
        route.fulfill(body=_BARE, content_type="text/html")

    page.route("**/bare.html", answer)
    page.goto(site + "bare.html")


def wait_for_no_worker(page: Page) -> None:
    """Wait until the page has no worker left. None of them may have started another one.

    Chromium may never report its end (`findings/chromium-nested-worker-target.sh`).
    """
    # Playwright updates its list of workers while it talks to the page; the test has a deadline.
    while page.workers:
        page.evaluate("0")


class _Handler(QuietHandler):
    """Serves an empty page, the given files and those of the model, and nothing else."""

    def __init__(self, *args: Any, model: Path, files: Mapping[str, Path], **kwargs: Any) -> None:
        self._model = model
        self._files = files
        super().__init__(*args, **kwargs)

    def do_GET(self) -> None:  # noqa: N802 (the name that the base class calls)
        if self.path != "/":
            super().do_GET()
            return
        page = b"<!doctype html><title>verify</title>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def translate_path(self, path: str) -> str:
        if path.startswith(_REVISION):
            return str(self._model / Path(path).name)
        return str(self._files.get(path, "/nonexistent"))
