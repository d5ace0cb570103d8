"""Print how long a load of the built-in model takes that checks the files, and one that does not.

    .venv/bin/python -m bench.downloads

It uses Chromium on SwiftShader. The files come from a server on this machine, and no cache has them
before a load.
"""

from __future__ import annotations

from functools import partial

from playwright.sync_api import Page, Route

from bench.page import print_figures
from model.browser.page import bare_page
from model.browser.server import QuietHandler, serving
from model.browser.site import ROOT

__all__ = ["main"]

# The patch that checks; without it WebLLM downloads as it does by itself.
_PATCH = "patchDownloads,"


def main() -> None:
    """Measure loads of both kinds in turns."""
    (library,) = (ROOT / "static").glob("models/*/resolve/*/model.wasm")
    with serving(partial(_Handler, directory=str(ROOT / "static"))) as origin:
        folder = f"{origin}/{library.parent.relative_to(ROOT / 'static').as_posix()}/"
        print_figures("downloads.js", partial(_open_page, folder=folder))


def _open_page(page: Page, site: str, *, folder: str) -> None:
    # Chromium asks for it when a page loads from another port of this machine.
    page.context.grant_permissions(["local-network-access"])
    # Of the context, because the worker requests it too.
    page.context.route(f"{site}unchecked.js", _without_checks)
    bare_page(page, site)
    page.evaluate("folder => void (globalThis.folder = folder)", folder)


def _without_checks(route: Route) -> None:
    response = route.fetch(url=route.request.url.replace("unchecked.js", "webllm_bridge.js"))
    source = response.text()
    if source.count(_PATCH) != 1:
        raise SystemExit(f"The bundle of the bridge has no {_PATCH!r} to remove.")
    route.fulfill(body=source.replace(_PATCH, ""), content_type="text/javascript")


class _Handler(QuietHandler):
    """Serves files to any origin; browsers keep none of them."""

    def end_headers(self) -> None:
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Cache-Control", "no-store")
        super().end_headers()


if __name__ == "__main__":
    main()
