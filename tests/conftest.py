"""Fixtures for tests in real Chromium: the served site, the browser, a page, Python in a page."""

from __future__ import annotations

import functools
import http.server
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from model.browser.chromium import FLAGS, find_chromium
from model.browser.pyodide_wheels import pyodide_wheels
from model.browser.python import PagePython
from model.browser.site import ROOT, served_site, site_lock
from tests.browser.offline import offline_python
from tests.browser.watch import PageWatch
from tests.contexts import PATIENCE, new_context
from tests.snapshots import RestoredPython, keep_snapshot_of_page, snapshot_of_wheel

# A CPU compiles and runs shaders sooner without the checks of their bounds, and where their shared
# memory is not cleared first: measured in turns, in nine and in eight tenths of the time.
# `tests/model` runs the kernels, `test_model.py` the engine, with both.
UNCHECKED = "--enable-dawn-features=disable_robustness,disable_workgroup_init"

# Most pages run for seconds, in which V8 optimizes WebAssembly that is not run much longer: a start
# of Python, a load of the model and 60 tokens took 13.8 processor seconds with it and 15.5 without,
# medians of three in turns.
LATER = "--js-flags=--wasm-tiering-budget=100000000"


@pytest.fixture(scope="session")
def site() -> Iterator[str]:
    """Run `python serve.py`, as the README says, and return its URL."""
    with served_site() as address:
        yield address


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Start Chromium with WebGPU on SwiftShader."""
    path = find_chromium()
    assert path is not None, "no Chromium found: run tests/run, which sets one up"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*FLAGS, UNCHECKED, LATER])
        expect.set_options(timeout=PATIENCE * 1000)
        yield browser
        browser.close()


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """A fresh profile: empty caches, no storage; no service worker, which would keep the site."""
    context = _fresh_context(chromium)
    yield context
    context.close()


def _fresh_context(chromium: Browser) -> BrowserContext:
    size = {"width": 1280, "height": 800}
    return new_context(chromium, viewport=size, service_workers="block")


@pytest.fixture
def watch(context: BrowserContext) -> PageWatch:
    """Record every request, console error and page error of the context."""
    return PageWatch(context)


@pytest.fixture
def page(context: BrowserContext, watch: PageWatch) -> Page:
    """An empty tab of the fresh profile, recorded by `watch`."""
    return context.new_page()


@pytest.fixture
def visited(context: BrowserContext, site: str) -> None:
    """Let the page's Python start as at a second visit, for tests that are about something else."""
    keep_snapshot_of_page(context, site)


@pytest.fixture(scope="module")
def warm_context(chromium: Browser, site: str) -> Iterator[BrowserContext]:
    """A profile for the tests of one module, in which a tab of the page keeps its engine loaded.

    Its Python starts as at a second visit. `tests/browser/test_start.py` has first visits.
    """
    context = _fresh_context(chromium)
    keep_snapshot_of_page(context, site)
    keeper = context.new_page()
    keeper.goto(f"{site}?engine=webllm#/privacy")
    expect(keeper.locator("body")).to_have_attribute("data-state", "ready")
    yield context
    context.close()


@pytest.fixture
def shared_context(warm_context: BrowserContext) -> Iterator[BrowserContext]:
    """`warm_context`, without tabs and without what the page keeps of the tests before."""
    yield warm_context
    keeper, *tabs = warm_context.pages
    for tab in tabs:
        tab.close()
    warm_context.unroute_all()
    keeper.evaluate("async () => (await import('./libraries/storage.js')).removeAll()")


@pytest.fixture(scope="session")
def python(chromium: Browser, site: str) -> Iterator[PagePython]:
    """Python in a bare Pyodide page with the wheel installed by micropip, as users have it.

    One page is used for the whole run.
    """
    context = new_context(chromium)
    yield PagePython(context.new_page(), site)
    context.close()


@pytest.fixture(scope="session")
def sdk_python(chromium: Browser, site: str) -> Iterator[PagePython]:
    """As `python`, with the latest `openai`, and pydantic-ai; one page for the run."""
    with offline_python(chromium, site, pyodide_wheels("pyodide-requirements.txt")) as python:
        yield python


@pytest.fixture
def installed_python(page: Page, site: str) -> PagePython:
    """As `python`, in a new page and profile: for tests of what an installation brings."""
    return PagePython(page, site)


@pytest.fixture(scope="session")
def snapshot(chromium: Browser, site: str) -> str:
    """Return the path of the snapshot that `RestoredPython` starts from."""
    context = new_context(chromium)
    path = snapshot_of_wheel(context, site)
    context.close()
    return path


@pytest.fixture(scope="module")
def module_python(chromium: Browser, site: str, snapshot: str) -> Iterator[PagePython]:
    """Python from a snapshot, in one page for a module: for tests that break their own engine."""
    context = new_context(chromium)
    yield RestoredPython(context.new_page(), site, snapshot)
    context.close()


@pytest.fixture
def fresh_python(page: Page, site: str, snapshot: str) -> PagePython:
    """Python from a snapshot, in a new page and profile: for tests that break the engine."""
    return RestoredPython(page, site, snapshot)


@pytest.fixture(scope="session")
def built_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Build the static site and serve it from a sub-path, by a server that sets no headers."""
    root = tmp_path_factory.mktemp("pages")
    command = [sys.executable, str(ROOT / "serve.py"), "build", str(root / "project")]
    with site_lock():
        subprocess.run(command, check=True)
    with served_folder(root) as address:
        yield address + "project/"


@contextmanager
def served_folder(folder: Path) -> Iterator[str]:
    """Serve a folder from an origin of its own; yield its address, which ends in a slash."""
    handler = functools.partial(_PlainHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


class _PlainHandler(http.server.SimpleHTTPRequestHandler):
    """A static host such as GitHub Pages: correct content types, no additional headers."""

    extensions_map = {  # noqa: RUF012 - an instance attribute in the types, a class one in use
        **http.server.SimpleHTTPRequestHandler.extensions_map,
        ".js": "text/javascript",
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
    }

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
        pass
