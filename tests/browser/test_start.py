"""How the page starts: from a snapshot, without a network, in a new version, with the engine."""

from __future__ import annotations

import functools
import http.server
import io
import json
import shutil
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

import serve
from model.browser.chromium import FLAGS, find_chromium
from model.browser.site import ROOT
from site_files.offline import WORKER, write_worker
from site_files.project import tree
from site_files.server import MEDIA_TYPES
from tests.browser.starting import ENGINE_LOADED, Hold
from tests.browser.watch import PageWatch
from tests.contexts import PATIENCE, new_context

AXE = (ROOT / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")
WEBLLM = "?engine=webllm#/persona"

# The modules of the page are the same ones when they are imported again.
STARTED = "async () => (await import('./start/python.js')).started"
PREPARED = "async () => (await import('./start/later.js')).prepared"
CACHES = "async () => (await caches.keys()).filter((name) => name.startsWith('pywebllm-')).sort()"
DAMAGE = """async () => {
  const cache = await caches.open('pywebllm-python');
  const [request] = await cache.keys();
  const whole = new Uint8Array(await (await cache.match(request)).arrayBuffer());
  await cache.put(request, new Response(whole.fill(7, 0, 64)));
}"""
RECORD_STATES = """
globalThis.states = [];
document.addEventListener("DOMContentLoaded", () => {
  const status = document.getElementById("status");
  const note = () => states.push([document.body.dataset.state, status.textContent]);
  note();
  const observer = new MutationObserver(note);
  observer.observe(document.body, { attributeFilter: ["data-state"] });
  observer.observe(status, { childList: true });
});
"""
RANDOM = "import random; print('random', random.random())"


class Site:
    """A copy of the site in a sub-path, by a server that sets no headers and can be stopped."""

    def __init__(self, folder: Path) -> None:
        self.files = folder / "project"
        shutil.copytree(serve.BUILD / "site", self.files)
        self._bundle = serve.BUILD / "worker-bundle" / WORKER
        handler = functools.partial(_Handler, directory=str(folder))
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/project/"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def publish(self) -> None:
        """Write the service worker for the files that are there, as a build does."""
        files = {path: file for path, file in tree(self.files).items() if path != WORKER}
        write_worker(self._bundle, files, self.files)

    def stop(self) -> None:
        """Stop the server; the next request is refused."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()


class _Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    extensions_map = MEDIA_TYPES

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
        pass


@pytest.fixture
def own_site(site: str, tmp_path: Path) -> Iterator[Site]:
    """A copy of the site that a test may change."""
    assert site
    copied = Site(tmp_path / "pages")
    yield copied
    copied.stop()


@contextmanager
def visit(chromium: Browser, profile: Path) -> Iterator[BrowserContext]:
    """A browser with a profile that is kept on disk; its engines end with it."""
    context = chromium.browser_type.launch_persistent_context(
        profile, executable_path=find_chromium(), args=list(FLAGS)
    )
    context.set_default_timeout(PATIENCE * 1000)
    yield context
    context.close()


def open_ready(page: Page, site: str) -> None:
    page.goto(site + WEBLLM)
    expect(page.locator("body")).to_have_attribute("data-state", "ready")


def write_persona(page: Page) -> str:
    page.get_by_role("button", name="Generate").click()
    expect(page.get_by_text("tokens/s").first).to_be_visible()
    return page.get_by_role("log").inner_text()


def run_python(page: Page, code: str) -> str:
    """Run Python in the page, in PyScript's interpreter; return what it prints."""
    with page.expect_console_message(lambda message: message.text.startswith("random")) as found:
        page.evaluate(
            """(code) => {
              const script = document.createElement('script');
              script.type = 'py';
              script.textContent = code;
              document.body.append(script);
            }""",
            code,
        )
    return found.value.text


def test_second_visit_starts_without_a_network_from_a_snapshot_unless_it_is_damaged(
    chromium: Browser, own_site: Site, tmp_path: Path
) -> None:
    profile = tmp_path / "profile"
    with visit(chromium, profile) as context:
        page = context.new_page()
        open_ready(page, own_site.url)
        assert page.evaluate(STARTED) == "anew"
        page.evaluate(PREPARED)
        assert page.evaluate(CACHES) == ["pywebllm-python", "pywebllm-site-files"]
    own_site.stop()
    with visit(chromium, profile) as context:
        watch = PageWatch(context)
        page = context.new_page()
        open_ready(page, own_site.url)
        assert page.evaluate(STARTED) == "snapshot"
        assert len(write_persona(page).split()) > 20
        numbers = {run_python(page, RANDOM)}
        page.reload()
        expect(page.locator("body")).to_have_attribute("data-state", "ready")
        assert page.evaluate(STARTED) == "snapshot"
        numbers.add(run_python(page, RANDOM))
        assert len(numbers) == 2, "the snapshot's random numbers were repeated"
        page.evaluate(DAMAGE)
        page.reload()
        expect(page.locator("body")).to_have_attribute("data-state", "ready")
        assert page.evaluate(STARTED) == "anew"
        page.evaluate(PREPARED)
        assert "pywebllm-python" in page.evaluate(CACHES), "another one was made"
        # Asked for llama.cpp's module, which WebLLM does without, the service worker says no.
        assert [error for error in watch.errors if "status of 504" not in error] == []


class Prepared:
    """A browser that has visited a site once, and is prepared for the next visit."""

    def __init__(self, context: BrowserContext, site: Site) -> None:
        self.context, self.site = context, site
        page = self.visit()
        page.evaluate(PREPARED)
        page.close()

    def visit(self) -> Page:
        """Open the page in a new tab."""
        page = self.context.new_page()
        open_ready(page, self.site.url)
        return page


@pytest.fixture(scope="module")
def prepared(
    site: str, chromium: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Prepared]:
    """One first visit for the tests that begin with the second."""
    assert site
    copied = Site(tmp_path_factory.mktemp("prepared") / "pages")
    context = new_context(chromium)
    yield Prepared(context, copied)
    context.close()
    copied.stop()


def test_new_version_is_offered_and_waits_for_the_visitor(prepared: Prepared) -> None:
    own_site = prepared.site
    page = prepared.visit()
    offer = page.get_by_text("A new version of this page is ready.")
    expect(offer).to_be_hidden()
    index = own_site.files / "index.html"
    text = index.read_text("utf-8")
    index.write_text(text.replace("<body ", '<body data-edition="second" '), "utf-8")
    own_site.publish()
    page.reload()
    expect(offer).to_be_visible()
    body = page.locator("body")
    assert body.get_attribute("data-edition") is None, "the old page, as a whole"
    page.get_by_role("button", name="Reload").last.click()
    expect(body).to_have_attribute("data-edition", "second")
    expect(body).to_have_attribute("data-state", "ready")
    expect(offer).to_be_hidden()
    page.close()


COUNT_CONNECTIONS = """
globalThis.connections = 0;
globalThis.SharedWorker = class extends SharedWorker {
  constructor(...options) {
    super(...options);
    globalThis.connections += 1;
  }
}"""


def test_engine_loads_the_model_before_python_is_there(
    page: Page, site: str, watch: PageWatch
) -> None:
    hold = Hold()
    page.route("**/app.zip", hold)
    page.add_init_script(COUNT_CONNECTIONS)
    page.goto(site + WEBLLM)
    assert page.evaluate(ENGINE_LOADED) is True
    expect(page.locator("body")).to_have_attribute("data-state", "starting")
    hold.release()
    expect(page.locator("body")).to_have_attribute("data-state", "ready")
    assert page.evaluate("connections") == 1, "Python has the connection that was begun"
    assert len(write_persona(page).split()) > 20
    assert watch.errors == []


def test_visitor_isolates_the_page_on_a_host_without_headers(prepared: Prepared) -> None:
    watch = PageWatch(prepared.context)
    page = prepared.visit()
    assert page.evaluate("crossOriginIsolated") is False
    page.get_by_role("link", name="Privacy").click()
    page.get_by_label("Use several cores").check()
    page.get_by_role("button", name="Reload").last.click()
    expect(page.get_by_label("Use several cores")).to_be_checked()
    page.get_by_role("link", name="Persona").click()
    # The engine of WebLLM is the shared one, and llama.cpp has a worker of its own.
    for engine in ("webllm", "wllama"):
        page.goto(f"{prepared.site.url}?engine={engine}#/persona")
        expect(page.locator("body")).to_have_attribute("data-state", "ready")
        assert page.evaluate("crossOriginIsolated") is True
        assert len(write_persona(page).split()) > 20
    assert watch.errors == []
    page.close()


LEFT = """async () => ({
  caches: await caches.keys(),
  databases: (await indexedDB.databases()).map(({ name }) => name),
  files: await Array.fromAsync((await navigator.storage.getDirectory()).keys()),
  local: Object.keys(localStorage),
  session: Object.keys(sessionStorage),
  workers: (await navigator.serviceWorker.getRegistrations()).length,
})"""
STORE = """async () => {
  const storage = await import('./libraries/storage.js');
  await storage.write('conversations', JSON.stringify({ id: '1' }));
  const root = await navigator.storage.getDirectory();
  const answers = await root.getDirectoryHandle('webllm-resume', { create: true });
  await answers.getFileHandle('answer', { create: true });
  await caches.open('somebody-else');
}"""


def test_privacy_view_lists_and_deletes_everything(prepared: Prepared) -> None:
    page = prepared.visit()
    page.set_viewport_size({"width": 390, "height": 800})
    page.evaluate(PREPARED)
    page.evaluate(STORE)
    page.get_by_role("link", name="Privacy").click()
    expect(page.locator("#privacy-conversations")).to_have_text("1 entry")
    expect(page.locator("#privacy-answers")).to_have_text("1 entry")
    for kind in ("models", "page", "python"):
        expect(page.locator(f"#privacy-{kind}")).to_contain_text("MB")
    page.evaluate(f"{AXE}; void 0")
    assert page.evaluate("async () => (await axe.run()).violations.map(({id}) => id)") == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="Delete everything").click()
    page.get_by_role("button", name="Keep it").press("Enter")
    page.get_by_role("button", name="Delete everything").press("Enter")
    page.get_by_role("button", name="Yes, delete everything").click()
    expect(page.get_by_text("Everything is deleted.")).to_be_visible()
    left = page.evaluate(LEFT)
    assert left == {
        "caches": ["somebody-else"],
        "databases": [],
        "files": [],
        "local": [],
        "session": [],
        "workers": 0,
    }
    page.get_by_role("button", name="Start again").click()
    expect(page.locator("body")).to_have_attribute("data-state", "ready")
    page.close()


CONVERSATION = {
    "id": "one",
    "title": "<b>Rain</b>",
    "updated": 2,
    "messages": [
        {"id": "1", "role": "user", "text": "Why does it rain?"},
        {"id": "2", "parent": "1", "role": "assistant", "text": "Because of <i>clouds</i>."},
        {"id": "3", "parent": "1", "role": "assistant", "text": "Ask a cloud."},
    ],
    "choices": {"1": "2"},
}
KEPT = """async (conversation) => {
  const storage = await import('./libraries/storage.js');
  await storage.write('conversations', JSON.stringify(conversation));
}"""


def test_kept_conversations_are_readable_before_python_runs(page: Page, site: str) -> None:
    hold = Hold()
    page.route("**/app.zip", hold)
    page.goto(f"{site}?engine=webllm#/chat/one")
    page.evaluate(KEPT, CONVERSATION)
    page.reload()
    expect(page.locator("#chat-list a")).to_have_text("<b>Rain</b>")
    thread = page.locator("#chat-thread [data-kept]")
    expect(thread).to_have_text(["Why does it rain?", "Because of <i>clouds</i>."])
    hold.release()
    expect(page.locator("body")).to_have_attribute("data-state", "ready")
    expect(page.locator("[data-kept]")).to_have_count(0)


def test_python_begins_to_load_before_the_script_and_the_style_of_the_page(
    page: Page, site: str
) -> None:
    for name in ("start.js", "style.css"):
        page.route(f"**/{name}", Hold())
    # Pyodide itself fetches this file; the page preloads others.
    with page.expect_request("**/python_stdlib.zip"):
        page.goto(site + WEBLLM, wait_until="commit")


def test_page_says_that_python_runs_before_it_imports_the_library_and_that_it_could_not(
    page: Page, site: str
) -> None:
    broken = _replace(
        page.request.get(f"{site}app.zip").body(),
        "page/starting",
        "raise ImportError('no library')",
    )
    page.route("**/app.zip", lambda route: route.fulfill(body=broken))
    page.goto(f"{site}?engine=webllm#/chat/one")
    page.evaluate(KEPT, CONVERSATION)
    page.add_init_script(RECORD_STATES)
    page.reload()
    expect(page.get_by_role("button", name="Reload")).to_be_visible()
    seen = page.evaluate("states")
    assert seen[:2] == [["starting", "Starting Python…"], ["starting", "Looking for a GPU…"]]
    assert seen[-1][0] == "failed"
    # What is kept stays readable without Python.
    expect(page.locator("#chat-thread [data-kept]").first).to_have_text("Why does it rain?")


def test_page_that_may_keep_nothing_says_so(chromium: Browser, site: str, tmp_path: Path) -> None:
    profile = tmp_path / "Default"
    profile.mkdir()
    blocked = {"profile": {"default_content_setting_values": {"cookies": 2}}}
    (profile / "Preferences").write_text(json.dumps(blocked))
    with visit(chromium, tmp_path) as context:
        page = context.new_page()
        page.goto(site)
        alert = page.get_by_role("alert")
        expect(alert).to_contain_text("PyScript does not start without a database")
        expect(alert).to_contain_text("Allow cookies and site data")
        # Python, which is there a little later, says nothing else.
        page.evaluate("async () => (await import('./start/python.js')).enginesTurn")
        expect(page.locator("#status")).to_have_text("Python did not start.")


def _replace(archive: bytes, module: str, source: str) -> bytes:
    """Return an archive of modules in which one has other code."""
    replaced = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as before, zipfile.ZipFile(replaced, "w") as after:
        compiled = f"{module}.pyc"
        assert compiled in before.namelist()
        for name in before.namelist():
            if name not in {compiled, f"{module}.py"}:
                after.writestr(name, before.read(name))
        after.writestr(f"{module}.py", source)
    return replaced.getvalue()
