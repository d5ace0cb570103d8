"""The README's code runs unchanged, in a bare page with the wheel."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Page

from model.browser.python import PagePython, wheels
from model.browser.site import ROOT
from tests.readme import README, blocks

PYODIDE = json.loads((ROOT / "package.json").read_text("utf-8"))["dependencies"]["pyodide"]
CDN = "https://cdn.jsdelivr.net/pyodide/"

_RUN = """async code => {
  const lines = [];
  pyodide.setStdout({batched: line => lines.push(line)});
  await pyodide.runPythonAsync(code);
  return lines.join("\\n");
}"""


def test_html_example_prints_a_persona(page: Page, site: str) -> None:
    """Only the URLs of the registries are replaced by local ones."""
    (html,) = blocks("html").values()
    micropip, wheel = wheels()
    local = (
        html.replace(f"{CDN}v{PYODIDE}/full/", site + "vendor/pyodide/")
        .replace('loadPackage("micropip")', f'loadPackage("{site}{micropip}")')
        .replace('install("pywebllm")', f'install("{site}{wheel}")')
    )
    assert "https://" not in local
    page.route("**/readme.html", lambda route: route.fulfill(body=local, content_type="text/html"))
    with page.expect_console_message(lambda message: "Ada" in message.text, timeout=60_000):
        page.goto(site + "readme.html")


# What must be printed, by the heading above the example.
_PRINTED = {
    "Like `openai`, in the page": ["Ada", "finish_reason='stop'", "decode_tokens_per_second="],
    "The official SDK, unchanged": ["Ada"],
    "A whole page": ["ready 100%", "Ada", "completion_tokens="],
    "Typed answers": ["Mood(mood=", "strength="],
    "Tools": [],
}


@pytest.mark.parametrize("heading", blocks("python"))
def test_python_examples_run_unchanged(sdk_python: PagePython, heading: str) -> None:
    printed = sdk_python.page.evaluate(_RUN, blocks("python")[heading])
    assert [text for text in _PRINTED[heading] if text not in printed] == []


def test_readme_names_files_that_exist() -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in link]
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
