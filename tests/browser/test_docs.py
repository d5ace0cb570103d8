"""The documentation: its examples run, its links lead somewhere, its reference is complete."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest
import pywebllm
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, expect
from pywebllm import WebLLM, openai, resources, testing, types
from pywebllm.types.value import Value

import serve
from model.browser.python import PagePython
from tests.browser.examples import run_program
from tests.browser.registries import answer_registries
from tests.browser.watch import PageWatch
from tests.pages import PAGES, PROGRAMS, fences, program


@pytest.mark.parametrize("page", PROGRAMS)
def test_program_of_a_page_runs_and_prints_what_it_says(sdk_python: PagePython, page: str) -> None:
    steps = program(page)
    for step, printed in zip(steps, run_program(sdk_python.page, steps), strict=True):
        assert step.agrees(printed), f"{step.code}\nprints\n{printed}"


# What each way to install is followed by: a chat, whose answer goes to the console.
_CHAT = """
async with AsyncWebLLM() as llm:
    ask = {"role": "user", "content": "Name: Ada, age: 36"}
    reply = await llm.chat.completions.create(messages=[ask], max_tokens=8)
    print("answer:", reply.text)
"""


def _page_of_pyscript() -> str:
    (block,) = fences(PAGES["install.md"])["html"]
    code = "\n".join("  " + line if line else "" for line in _CHAT.splitlines())
    return block.replace("import AsyncWebLLM\n", f"import AsyncWebLLM\n{code}\n")


def _page_of_pyodide() -> str:
    (block,) = fences(PAGES["install.md"])["js"]
    return f'<script type="module">\n{block}await pyodide.runPythonAsync(`{_CHAT}`);\n</script>'


def _page_with_python_in_a_worker() -> str:
    """Do as a notebook of JupyterLite or marimo does: Pyodide runs in a worker."""
    (block,) = fences(PAGES["install.md"])["python"]
    start, *_ = fences(PAGES["install.md"])["js"][0].splitlines()
    worker = (
        f"{start}\nconst pyodide = await loadPyodide({{packages: ['micropip']}});\n"
        f"await pyodide.runPythonAsync(`{block}{_CHAT}`);"
    )
    return (
        f'<script type="text/plain" id="code">{worker}</script>\n'
        '<script type="module">\n'
        "const {text} = document.getElementById('code');\n"
        "const file = new Blob([text], {type: 'text/javascript'});\n"
        "new Worker(URL.createObjectURL(file), {type: 'module'});\n</script>"
    )


@pytest.mark.parametrize(
    "made", [_page_of_pyscript, _page_of_pyodide, _page_with_python_in_a_worker]
)
def test_page_that_installs_as_documented_answers(
    context: BrowserContext, page: Page, site: str, made: Callable[[], str]
) -> None:
    """With the addresses as they are printed, answered by this machine."""
    html = "<!doctype html>\n<meta charset=utf-8>\n" + made()
    answer_registries(context, site)
    page.route("**/install.html", lambda route: route.fulfill(body=html, content_type="text/html"))

    def is_answer(message: ConsoleMessage) -> bool:
        return message.text.startswith("answer: Ada")

    with page.expect_console_message(is_answer):
        page.goto(site + "install.html")


class _Html(HTMLParser):
    """What a page of the site refers to, and the places in it that can be referred to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.ids: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if "id" in given:
            self.ids.add(given["id"])
        if "data-view" in given:
            self.ids.add("/" + given["data-view"])  # start.js shows the view of this address
        if tag in ("script", "img", "source", "iframe") and "src" in given:
            self.loaded.append(given["src"])
        elif tag == "link" and given.get("rel") not in ("canonical", None):
            self.loaded.append(given["href"])
        elif tag == "a" and "href" in given:
            self.links.append(given["href"])


@pytest.fixture(scope="module")
def files(site: str) -> Path:
    """Return the folder of the site that `serve.py` built and serves."""
    assert site
    return serve.BUILD / "site"


@pytest.fixture(scope="module")
def pages(files: Path) -> dict[str, _Html]:
    """Return the demo page and the pages of the documentation, by their paths on the site."""
    found = [files / "index.html", *(files / "docs").rglob("*.html")]
    return {path.relative_to(files).as_posix(): _Html(path.read_text("utf-8")) for path in found}


def test_site_has_the_demo_and_every_page_of_the_documentation(pages: dict[str, _Html]) -> None:
    written = {f"docs/{name.removesuffix('.md')}.html" for name in PAGES}
    assert written | {"index.html"} <= set(pages)
    assert "docs/" in pages["index.html"].links
    assert "../" in pages["docs/index.html"].links


def test_links_between_the_pages_lead_somewhere(files: Path, pages: dict[str, _Html]) -> None:
    """Pages, files and anchors; the demo and the documentation refer to each other."""
    broken = []
    count = 0
    for name, page in pages.items():
        for link in (*page.links, *page.loaded):
            url = urlsplit(urljoin(f"http://site/{name}", link))
            if url.hostname != "site":
                continue
            count += 1
            path = unquote(url.path).lstrip("/")
            path += "index.html" if path.endswith("/") or not path else ""
            if not (files / path).is_file():
                broken.append(f"{name}: {link}")
            elif url.fragment and path in pages and unquote(url.fragment) not in pages[path].ids:
                broken.append(f"{name}: {link}, which has no such anchor")
    assert count > 1000
    assert broken == []


def test_documentation_loads_nothing_from_elsewhere(pages: dict[str, _Html]) -> None:
    loaded = {link for page in pages.values() for link in page.loaded}
    assert loaded
    assert [link for link in loaded if urlsplit(link).scheme or urlsplit(link).netloc] == []


def _methods(parent: str, owner: type) -> set[str]:
    ours = [it for it in owner.__mro__ if it.__module__.startswith("pywebllm") and it is not Value]
    found = {name: value for it in ours for name, value in vars(it).items() if name[0] != "_"}
    return {f"{parent}.{name}" for name, value in found.items() if inspect.isfunction(value)}


def _public() -> set[str]:
    """Return every public name: of the package, its two public modules, and of their methods."""
    named = {f"pywebllm.{name}": getattr(pywebllm, name) for name in pywebllm.__all__}
    named |= {f"pywebllm.types.{name}": getattr(types, name) for name in types.__all__}
    named |= {f"pywebllm.openai.{name}": getattr(openai, name) for name in openai.__all__}
    named |= {f"pywebllm.testing.{name}": getattr(testing, name) for name in testing.__all__}
    named |= {f"pywebllm.resources.{name}": getattr(resources, name) for name in resources.__all__}
    client = WebLLM()
    twins = [client.chat.completions, client.completions, client.embeddings, client.models]
    for twin in (client.chat, *twins, client.sessions):
        named[f"{type(twin).__module__}.{type(twin).__qualname__}"] = type(twin)
    methods = (_methods(name, it) for name, it in named.items() if isinstance(it, type))
    return set(named).union(*methods)


def test_every_public_name_is_in_the_reference(pages: dict[str, _Html]) -> None:
    documented = {
        name for path, page in pages.items() if path.startswith("docs/api/") for name in page.ids
    }
    # `Usage` and `ToolRun` have two homes, and stand under the first.
    other_homes = {"pywebllm.types.Usage", "pywebllm.resources.ToolRun"}
    public = {name for name in _public() if not name.startswith(tuple(other_homes))}
    assert "pywebllm.resources.ChatCompletions.create" in public
    assert {f"pywebllm.AsyncWebLLM.{name}" for name in ("load", "close")} <= public
    assert sorted(public - documented) == []


@pytest.mark.parametrize("path", ["", "guides/errors.html", "openai.html", "api/resources.html"])
def test_page_of_the_documentation_fits_on_a_phone(
    page: Page, site: str, watch: PageWatch, path: str
) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{site}docs/{path}")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert watch.errors == []
    assert watch.origins() == {site.rstrip("/")}


def test_search_of_the_documentation_finds_a_name(page: Page, site: str, watch: PageWatch) -> None:
    page.goto(f"{site}docs/search.html?q=max_models")
    expect(page.get_by_role("main").get_by_role("link", name="Clients")).to_be_visible()
    assert watch.errors == []
