"""The examples that are pages: opened as they are, answered by this machine."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from model.browser.pyodide_wheels import pyodide_wheels
from model.browser.site import ROOT
from tests.browser.registries import answer_registries

EXAMPLES = ROOT / "examples"
# Without a seed each answer is another one, of the same person.
TEXT = re.compile(r"\bAda\b")
_MEDIA = {".html": "text/html", ".js": "text/javascript", ".py": "text/x-python"}


def open_example(
    context: BrowserContext, page: Page, site: str, name: str, *, requirements: str = ""
) -> None:
    """Open an example, which the site's server seems to have."""
    more = pyodide_wheels(requirements) if requirements else ()

    def answer(route: Route) -> None:
        path = EXAMPLES / route.request.url.removeprefix(site + "examples/")
        route.fulfill(path=path, content_type=_MEDIA[path.suffix])

    answer_registries(context, site, more=more)
    context.route(site + "examples/**", answer)
    page.goto(f"{site}examples/{name}/index.html")


@pytest.mark.parametrize("name", ["pyodide-page", "pyscript-page", "pyscript-worker"])
def test_example_shows_an_answer(context: BrowserContext, page: Page, site: str, name: str) -> None:
    open_example(context, page, site, name)
    expect(page.locator("#answer")).to_have_text(TEXT)


def test_example_with_a_worker_answers_each_message(
    context: BrowserContext, page: Page, site: str
) -> None:
    open_example(context, page, site, "pyodide-worker")
    page.get_by_role("button", name="Write").click()
    expect(page.locator("#answer")).to_have_text(TEXT)


def test_example_of_the_editor_prints_progress_and_an_answer(
    context: BrowserContext, page: Page, site: str
) -> None:
    open_example(context, page, site, "py-editor")
    page.locator(".py-editor-input").hover()
    page.locator(".py-editor-run-button").click()
    output = page.locator(".py-editor-output")
    expect(output).to_contain_text("  0 % ")  # Pyodide has started, and the wheel is installed
    # Each line is an element, so that nothing is between the bar and the answer here.
    expect(output).to_contain_text(re.compile(r"100 % Ready\s*.*\bis \d+"))


def test_example_beside_a_server_takes_the_page_where_it_can(
    context: BrowserContext, page: Page, site: str
) -> None:
    open_example(context, page, site, "server", requirements="pyodide-openai2-requirements.txt")
    expect(page.locator("#backend")).to_contain_text("page: ")
    expect(page.locator("#answer")).to_have_text(TEXT)


@pytest.mark.parametrize("where", ["", "worker"], ids=["page", "worker"])
def test_page_elsewhere_takes_the_wheel_by_the_sites_configuration(
    context: BrowserContext, page: Page, site: str, where: str
) -> None:
    core = "https://cdn.jsdelivr.net/npm/@pyscript/core@0.7.31/dist/core.js"
    lines = [
        f'<script type="module" src="{core}"></script>',
        f'<script type="py" {where} config="../pywebllm.toml">',
        "from pywebllm import AsyncWebLLM",
        "async with AsyncWebLLM() as llm:",
        '    ask = {"role": "user", "content": "Name: Ada, age: 36"}',
        "    reply = await llm.chat.completions.create(messages=[ask], max_tokens=8)",
        '    print("answer:", reply.text)',
        "</script>",
    ]
    html = "\n".join(["<!doctype html>", "<meta charset=utf-8>", *lines])
    answer_registries(context, site)
    context.route(
        "**/other/x.html", lambda route: route.fulfill(body=html, content_type="text/html")
    )
    with page.expect_console_message(lambda it: it.text.startswith("answer: Ada")):
        page.goto(site + "other/x.html")
