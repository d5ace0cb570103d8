"""The examples for JupyterLite and marimo, in these hosts: built, served and run as they are."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, expect

from model.browser.pyodide_wheels import pyodide_wheels
from model.browser.python import wheels
from model.browser.server import QuietHandler, serving
from model.browser.site import ROOT
from tests.browser.notebook_sites import jupyterlite_site, marimo_site, pure_pyyaml
from tests.browser.registries import answer_registries

TEXT = re.compile(r"^Ada is 36 .*\n?pywebllm-persona-q4f32_1 · \d+ tokens$", re.DOTALL)
PLAYER = re.compile(r"^Player\(name='Ada', opening='(bold|safe)'\)$")


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder, and the wheel beside it, where the package index says that it is."""
    wheel = ROOT / "build/site" / wheels()[-1]
    if not (folder / wheel.name).exists():
        (folder / wheel.name).symlink_to(wheel)
    with serving(functools.partial(QuietHandler, directory=str(folder))) as origin:
        yield origin + "/"


def test_notebook_of_jupyterlite_loads_streams_and_parses(
    context: BrowserContext, page: Page, site: str, tmp_path: Path
) -> None:
    assert site  # whose wheel the example installs
    folder = tmp_path / "site"
    jupyterlite_site(folder)
    with served(folder) as address:
        more = pyodide_wheels("pyodide-jupyterlite-requirements.txt")
        answer_registries(context, address, more=more)
        page.goto(f"{address}notebooks/index.html?path=pywebllm.ipynb")
        prompts = page.locator(".jp-CodeCell .jp-InputPrompt")
        expect(prompts).to_have_count(6)
        run_all(page)
        outputs = page.locator(".jp-OutputArea-output")
        # One output for all of the load's progress, which ends here.
        expect(outputs.nth(0)).to_have_text(re.compile(r"100 % Ready"))
        assert outputs.nth(0).locator("progress").get_attribute("value") == "100"
        expect(outputs.nth(1)).to_have_text(TEXT)
        expect(prompts.last).to_have_text("[6]:")
        expect(outputs).to_have_count(4)
        streamed = outputs.nth(2).inner_text()
        assert outputs.nth(1).inner_text().startswith(streamed)
        expect(outputs.nth(3)).to_have_text(PLAYER)


def run_all(page: Page) -> None:
    """Run all cells; before its kernel is connected, JupyterLite ignores the command."""
    started = page.locator(".jp-CodeCell .jp-InputPrompt").get_by_text(re.compile(r"\[(\*|1)\]:"))
    while not started.count():
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        # It shows at once that cells wait for the kernel.
        page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done)))")


def test_notebook_of_marimo_loads_streams_and_parses(
    context: BrowserContext, page: Page, site: str, tmp_path: Path
) -> None:
    assert site
    folder = tmp_path / "site"
    marimo_site(folder)
    with served(folder) as address:
        more = [*pyodide_wheels("pyodide-marimo-requirements.txt"), pure_pyyaml(tmp_path)]
        answer_registries(context, address, pyodide="pyodide-314.0.0", more=more)
        page.goto(address)
        expect(page.get_by_text(re.compile("^Ready$"))).to_be_visible()
        expect(page.get_by_text("100 / 100")).to_be_visible()
        reply = page.locator(".output", has=page.locator("small"))
        expect(reply.last).to_have_text(TEXT)
        expect(page.get_by_text(PLAYER)).to_be_visible()
        # A cell runs again when the value that it uses changes.
        page.get_by_label("Interests").fill("sailing")
        page.get_by_label("Interests").press("Enter")
        expect(reply.last).to_contain_text(re.compile("sail", re.IGNORECASE))
