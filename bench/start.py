"""Print how long the demo page takes to start, beside a bare `loadPyodide` and the engine alone.

Run it as `.venv/bin/python -m bench.start [--gpu]`; it serves the site and uses Chromium on
SwiftShader, or on the GPU (on Linux).

All times are medians in milliseconds from the address on, of pages in turns: `cold` in an empty
profile; `warm` in a profile that had a visit, in a browser that runs; `first_token` in such a
profile in a new browser, so that no engine is left of the visit before.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from statistics import median
from threading import Thread
from typing import Any

from playwright.sync_api import BrowserContext, BrowserType, Page, sync_playwright

from bench.page import wait_for_adapter
from model.browser.chromium import FLAGS, GPU_FLAGS, find_chromium
from model.browser.processes import ROOT
from model.browser.site import served_site
from site_files.server import SiteServer

__all__ = ["measure"]

_ROUNDS = 3
_TIMEOUT_MS = 300_000

# In the demo page: when Python runs, when the model is ready, when its first token is shown.
_MARKS = """
globalThis.marks = {};
globalThis.document && new MutationObserver(() => {
  const state = document.body?.dataset.state;
  if (state && state !== "starting") marks.python ??= performance.now();
  if (state === "ready") marks.ready ??= performance.now();
  const generate = document.getElementById("generate");
  if (marks.ready && !marks.asked && location.search.includes("token") && !generate.disabled) {
    marks.asked = performance.now();
    generate.click();
  }
  if (document.getElementById("output")?.textContent) marks.token ??= performance.now();
}).observe(document, {subtree: true, childList: true, attributes: true, characterData: true});
"""
_PREPARED = "async () => (await import('./start/later.js')).prepared"


def measure(
    site: str, bare: str, browser_type: BrowserType, *, gpu: bool = False
) -> dict[str, Any]:
    """Return the figures of one run.

    Args:
        site: The URL of the site.
        bare: The URL of the same files under another origin, which has no service worker.
        browser_type: What starts browsers.
        gpu: Whether browsers use the GPU.
    """

    def browser(folder: str) -> AbstractContextManager[BrowserContext]:
        return _browser(browser_type, folder, bare, gpu=gpu)

    cold: dict[str, list[float]] = {"bare": [], "page": []}
    warm: dict[str, list[float]] = {"bare": [], "page": [], "ready": []}
    token: dict[str, list[float]] = {"python": [], "engine": [], "page": []}
    for _ in range(_ROUNDS):
        for name, start in (("bare", lambda page: _bare(page, bare)), ("page", _page_of(site))):
            with _profile() as folder, browser(folder) as context:
                cold[name].append(start(context.new_page())["python"])
    with _profile() as folder:
        with browser(folder) as context:
            page = context.new_page()
            _visit(page, site, "ready")
            page.evaluate(_PREPARED)
            _bare(page, bare, "?python&engine")
            for _ in range(_ROUNDS):
                warm["bare"].append(_bare(page, bare)["python"])
                found = _visit(page, site, "ready")
                warm["page"].append(found["python"])
                warm["ready"].append(found["ready"])
        for _ in range(_ROUNDS):
            with browser(folder) as context:
                alone = _bare(context.new_page(), bare, "?python&engine")
                token["python"].append(alone["python"])
                token["engine"].append(alone["engine"])
            with browser(folder) as context:
                token["page"].append(_visit(context.new_page(), site, "token")["token"])
    return _figures(cold, warm, token)


def _figures(*groups: dict[str, list[float]]) -> dict[str, Any]:
    cold, warm, token = ({k: round(median(v)) for k, v in group.items()} for group in groups)
    slower = max(token["python"], token["engine"])
    return {
        "cold": {**cold, "ratio": round(cold["page"] / cold["bare"], 2)},
        "warm": {**warm, "ratio": round(warm["page"] / warm["bare"], 2)},
        "first_token": {**token, "ratio": round(token["page"] / slower, 2)},
    }


def _page_of(site: str) -> Callable[[Page], dict[str, float]]:
    return lambda page: _visit(page, site, "python")


def _visit(page: Page, site: str, mark: str) -> dict[str, float]:
    """Open the demo page, and return its marks once it has this one."""
    page.goto("about:blank")
    page.goto(f"{site}?engine=webllm&until={mark}#/persona")
    # Under the policy of the page no condition can be evaluated again and again.
    wait = """async ([mark, timeout]) => {
      while (!marks[mark] && performance.now() < timeout) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      return marks;
    }"""
    marks: dict[str, float] = page.evaluate(wait, [mark, _TIMEOUT_MS])
    if mark not in marks:
        problem = page.locator("[role=alert]").all_inner_texts()
        raise TimeoutError(f"the page has no {mark!r} after {marks}: {' '.join(problem).strip()}")
    return marks


def _bare(page: Page, site: str, query: str = "?python") -> dict[str, float]:
    page.goto("about:blank")
    page.goto(f"{site}start.html{query}")
    page.wait_for_function("document.title.startsWith('{')")
    figures: dict[str, float] = json.loads(page.title())
    return figures


@contextmanager
def _profile() -> Iterator[str]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        yield folder


@contextmanager
def _browser(
    browser_type: BrowserType, folder: str, bare: str, *, gpu: bool
) -> Iterator[BrowserContext]:
    flags = list(GPU_FLAGS if gpu else FLAGS)
    context = browser_type.launch_persistent_context(
        folder, executable_path=find_chromium(), args=flags
    )
    context.set_default_timeout(_TIMEOUT_MS)
    if gpu:  # A page that asks too early gets no adapter.
        page = context.new_page()
        page.goto(f"{bare}start.js")
        wait_for_adapter(page)
        page.close()
    context.add_init_script(_MARKS)
    yield context
    context.close()


@contextmanager
def _bare_site() -> Iterator[str]:
    """Serve the site's files, and `start.html` beside them, under another origin."""
    with tempfile.TemporaryDirectory() as folder:
        for file in (ROOT / "build/site").iterdir():
            (Path(folder) / file.name).symlink_to(file)
        for name in ("start.html", "start.js"):
            (Path(folder) / name).unlink(missing_ok=True)
            (Path(folder) / name).symlink_to(Path(__file__).with_name(name))
        with SiteServer(Path(folder), 0) as server:
            thread = Thread(target=server.serve_forever)
            thread.start()
            yield f"http://127.0.0.1:{server.server_port}/"
            server.shutdown()
            thread.join()


def _main() -> None:
    description = next(iter((__doc__ or "").splitlines()))
    parser = argparse.ArgumentParser(prog="python -m bench.start", description=description)
    parser.add_argument("--gpu", action="store_true", help="on the GPU, on Linux")
    gpu = parser.parse_args().gpu
    with ExitStack() as stack:
        site = stack.enter_context(served_site())
        bare = stack.enter_context(_bare_site())
        playwright = stack.enter_context(sync_playwright())
        figures = measure(site, bare, playwright.chromium, gpu=gpu)
    sys.stdout.write(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    _main()
