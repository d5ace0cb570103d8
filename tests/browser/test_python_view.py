"""The Python view, as a visitor uses it, with the real engine and a real worker."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Download, Locator, Page, Route, expect

from model.browser.pyodide_wheels import pyodide_wheels
from model.browser.site import served_site
from tests.browser.axe import problems
from tests.browser.package_index import answer_index
from tests.browser.registries import answer_registries
from tests.browser.watch import PageWatch
from tests.conftest import served_folder

VIEW = "?engine=webllm#/python"

# Wait until a program with this text is stored.
STORED = """async (text) => {
  const {readAll} = await import("./libraries/storage.js");
  const pause = () => new Promise((next) => setTimeout(next, 50));
  while (!(await readAll("programs")).includes(text)) await pause();
}"""

# The engine runs in a worker of the page, whose requests Playwright sees.
WITHOUT_SHARING = "delete globalThis.SharedWorker"


def editor_of(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Program", exact=True)


def output_of(page: Page) -> Locator:
    return page.get_by_role("log", name="Output")


def status_of(page: Page) -> Locator:
    return page.locator("#program-status")


def open_view(page: Page, url: str) -> None:
    page.goto(url)
    expect(page.get_by_role("button", name="Run")).to_be_enabled()


def write(page: Page, code: str) -> None:
    editor_of(page).focus()
    page.keyboard.press("Control+a")
    # Chromium writes text over a selection with its colors as a `style`, which the policy forbids.
    page.keyboard.press("Delete")
    # As one piece: typed key by key the editor would close brackets and indent by itself.
    page.keyboard.insert_text(code)


def run(page: Page, code: str) -> None:
    """Replace the program and run it to its end, by keyboard."""
    write(page, code)
    page.keyboard.press("Control+Enter")
    expect(status_of(page)).to_have_text(re.compile(r"^(Finished|Ended)"))


HELLO = """from pywebllm import AsyncWebLLM

async with AsyncWebLLM() as llm:
    reply = await llm.chat.completions.create(
        messages=[{"role": "user", "content": "Write a persona of Ada."}], max_tokens=20
    )
    print(reply.text, reply.usage.completion_tokens, "tokens")
"""

WITHOUT_AWAIT = """from pywebllm import WebLLM

with WebLLM() as llm:
    ask = [{"role": "user", "content": "Write a persona of Ada."}]
    print(llm.chat.completions.create(messages=ask, max_tokens=5).choices[0].finish_reason)
"""

SHOWN = """class Chart:
    def _repr_svg_(self):
        return '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30"></svg>'

class Hostile:
    def _repr_html_(self):
        return "<img src=x onerror=alert(1)>"
    def __repr__(self):
        return "<img src=x onerror=alert(1)>"

display([{"city": "Leeds", "people": 536280}], Chart(), Hostile())
"""

STREAMS = """from pywebllm import AsyncWebLLM

async with AsyncWebLLM() as llm:
    stream = await llm.chat.completions.create(
        messages=[{"role": "user", "content": "Write a persona of Ada."}],
        max_tokens=1500, stream=True, logit_bias={"0": -100, "1": -100, "2": -100},
    )
    async for chunk in stream:
        if chunk.choices:
            print(chunk.choices[0].delta.content or "", end="", flush=True)
    while True:
        await llm.chat.completions.create(messages=[{"role": "user", "content": "More."}])
"""


@pytest.mark.usefixtures("visited")
def test_program_talks_to_the_page_s_model_shows_values_and_errors_and_stops(
    page: Page, site: str, watch: PageWatch
) -> None:
    page.add_init_script(WITHOUT_SHARING)
    open_view(page, site + VIEW)
    assert watch.requests.count(f"{site}python/worker.js") == 0

    run(page, HELLO)
    expect(output_of(page)).to_have_text(re.compile(r"Ada.* 20 tokens", re.DOTALL))
    # One engine for the page and the program.
    shards = [url for url in watch.requests if "params_shard" in url]
    assert len(shards) == len(set(shards))
    assert watch.requests.count(f"{site}python/worker.js") == 1

    # The same without `await`.
    run(page, WITHOUT_AWAIT)
    expect(output_of(page)).to_have_text("length\n")

    run(page, SHOWN)
    expect(output_of(page).get_by_role("cell", name="Leeds")).to_be_visible()
    picture = output_of(page).get_by_role("img", name="Picture 1")
    expect(picture).to_have_js_property("naturalWidth", 40)
    expect(output_of(page)).to_contain_text("<img src=x onerror=alert(1)>")
    expect(output_of(page).locator("img")).to_have_count(1)
    assert problems(page) == []

    run(page, "def f(x):\n    return 1 / x\n\nf(0)\n")
    expect(output_of(page)).to_contain_text("ZeroDivisionError: division by zero")
    expect(page.locator(".cm-lint-marker-error")).to_have_count(1)
    assert problems(page) == []
    run(page, "import sys\nsys.kept = 1\nprint('é', 2)\n")
    expect(output_of(page)).to_have_text("é 2\n")
    expect(page.locator(".cm-lint-marker-error")).to_have_count(0)

    # A program that waits stops by itself, and its Python stays.
    write(page, STREAMS)
    page.keyboard.press("Control+Enter")
    expect(output_of(page)).to_contain_text(re.compile(r"\w+ \w+"))
    page.get_by_role("button", name="Stop").click()
    expect(status_of(page)).to_have_text(re.compile(r"^Stopped after"))
    run(page, "import sys\nprint(sys.kept)\n")
    expect(output_of(page)).to_have_text("1\n")

    # One that never waits is ended with its Python; the model stays with the page.
    write(page, "print('busy')\nwhile True:\n    pass\n")
    page.keyboard.press("Control+Enter")
    expect(output_of(page)).to_have_text("busy\n")
    page.get_by_role("button", name="Stop").click()
    expect(status_of(page)).to_contain_text("its Python was ended")
    run(page, "import sys\nprint(hasattr(sys, 'kept'))\n" + HELLO)
    expect(output_of(page)).to_have_text(re.compile(r"False\n.* 20 tokens", re.DOTALL))
    assert len([url for url in watch.requests if "params_shard" in url]) == len(shards)

    # Nothing is fetched from elsewhere without a yes.
    write(page, "import pygal\n")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("alert")).to_contain_text("pygal")
    assert problems(page) == []
    page.get_by_role("button", name="Do not install").click()
    expect(status_of(page)).to_contain_text("Nothing was installed")
    assert watch.origins() == {site.rstrip("/")}
    assert watch.errors == []


def test_loop_is_interrupted_where_the_page_is_isolated(page: Page) -> None:
    with served_site("--isolated") as isolated:
        open_view(page, isolated + VIEW)
        write(page, "import sys\nsys.kept = 1\nprint('busy')\nwhile True:\n    pass\n")
        page.keyboard.press("Control+Enter")
        expect(output_of(page)).to_have_text("busy\n")
        page.get_by_role("button", name="Stop").click()
        expect(status_of(page)).to_have_text(re.compile(r"^Stopped after"))
        # The same Python.
        run(page, "import sys\nprint(sys.kept)\n")
        expect(output_of(page)).to_have_text("1\n")


def test_program_is_kept_shared_by_a_link_and_saved_as_a_page(
    shared_context: BrowserContext, site: str, tmp_path: Path
) -> None:
    context, watch = shared_context, PageWatch(shared_context)
    page = context.new_page()
    open_view(page, site + VIEW)
    # By keyboard: Tab indents, Esc and Tab leave the editor.
    editor_of(page).focus()
    page.keyboard.press("Control+Home")
    page.keyboard.press("Tab")
    expect(editor_of(page)).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    expect(editor_of(page)).not_to_be_focused()

    write(page, HELLO)
    page.get_by_label("Title").fill("Ada's program")
    page.get_by_label("Title").press("Tab")
    expect(page.get_by_label("Open")).to_have_text(re.compile("Ada's program"))
    page.set_viewport_size({"width": 390, "height": 800})
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert problems(page) == []
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(overflow) == 0

    page.get_by_role("button", name="Share").click()
    expect(page).to_have_url(re.compile(r"#/python/code=[\w-]+$"))
    link = page.url
    page.goto("about:blank")
    page.goto(site + VIEW)
    expect(page.get_by_label("Title")).to_have_value("Ada's program")
    expect(editor_of(page)).to_contain_text("Write a persona of Ada.")

    with context.new_page() as other:
        open_view(other, link)
        expect(editor_of(other)).to_contain_text("Write a persona of Ada.")
        expect(other.locator("#program-notice")).to_contain_text("Read it before you run it")
        expect(output_of(other)).to_be_hidden()
    # What another tab has made of the program is shown on return.
    with context.new_page() as other:
        open_view(other, site + VIEW)
        expect(other.get_by_label("Title")).to_have_value("Ada's program")
        write(other, f"{HELLO}# written in the other tab\n")
        other.evaluate(STORED, "# written in the other tab")
    page.evaluate("dispatchEvent(new Event('focus'))")
    expect(editor_of(page)).to_contain_text("# written in the other tab")
    assert f"{site}python/worker.js" not in watch.requests
    assert watch.errors == []

    with page.expect_download() as saving:
        page.get_by_role("button", name="Save as a page").click()
    check_saved_page(context, site, saving.value, tmp_path)
    check_example_that_cannot_be_fetched(page)


def check_saved_page(context: BrowserContext, site: str, saved: Download, folder: Path) -> None:
    """Open the saved page at an origin of its own, as its author's server would serve it."""
    saved.save_as(folder / saved.suggested_filename)
    answer_registries(context, site)
    with served_folder(folder) as address, context.new_page() as page:
        page.goto(address)
        expect(page.get_by_role("status")).to_have_text(re.compile(r"^Finished"))
        expect(page.get_by_role("log")).to_have_text(re.compile(r" 20 tokens\n$"))


def check_example_that_cannot_be_fetched(page: Page) -> None:
    """Run an example that has not arrived, and then does not."""
    chosen = page.get_by_label("Open").input_value()
    asked: list[Route] = []

    def hold(route: Route) -> None:
        asked.append(route)

    page.route("**/python/examples/typed.py", hold)
    page.set_viewport_size({"width": 390, "height": 400})
    page.get_by_label("Open").select_option(label="An answer with a type")
    editor_of(page).focus()
    page.evaluate("scrollTo(0, 0)")
    expect(status_of(page)).not_to_be_in_viewport()
    page.keyboard.press("Control+Enter")
    expect(status_of(page)).to_have_text(re.compile(r"^Fetching the program"))
    expect(status_of(page)).to_be_in_viewport()
    expect(page.get_by_role("button", name="Stop")).to_be_enabled()
    (request,) = asked
    request.abort()
    expect(status_of(page)).to_have_text(re.compile(r"^Ready"))
    expect(page.locator("#program-notice")).to_contain_text("could not be fetched")
    expect(page.get_by_label("Open")).to_have_value(chosen)
    expect(editor_of(page)).to_contain_text("Write a persona of Ada.")


# What each example prints at the end, at least.
EXAMPLES = {
    "Hello, model": r"\d+ tokens",
    "Text as it is written": r"(\w+ ){5}",
    "An answer with a type": r"is a (cat|dog|parrot) of -?\d+ years",
    "An answer as a pydantic model": r'"age": \d\d,',
    "Tools for the chat": r"Two dice: \[\d, \d\]",
    "Python functions as tools": r'calls add with \{"a": ?-?\d+, ?"b": ?-?\d+',
    "A conversation": r"> Make it shorter\.\n\w+",
    "Several answers side by side": r"temperature.*answer.*1\.2",
    "How sure the model is": r"token.*sure.*%",
    "With the openai package": r"(\w+ ){5}",
    "An agent of pydantic-ai": r"mood='(calm|cheerful|tired)' strength=[123]",
    "Speed, with a plot": r"tokens/s.*\d+",
    "A persona": r"(\w+ ){5}",
}
NEEDS = {
    "An answer as a pydantic model": "pydantic",
    "With the openai package": "openai",
    "An agent of pydantic-ai": "pydantic-ai-slim, openai>=3",
    "Speed, with a plot": "pygal",
}


def run_example(page: Page, title: str) -> None:
    page.get_by_label("Open").select_option(label=title)
    page.get_by_role("button", name="Run").click()


def test_examples_run_as_they_are(shared_context: BrowserContext, site: str) -> None:
    context = shared_context
    page = context.new_page()
    requirements = ("pyodide-requirements.txt", "pyodide-view-requirements.txt")
    answer_index(context, [wheel for name in requirements for wheel in pyodide_wheels(name)])
    open_view(page, site + VIEW)
    for title, pattern in EXAMPLES.items():
        run_example(page, title)
        if title in NEEDS:
            expect(page.get_by_role("alert")).to_contain_text(NEEDS[title])
            page.get_by_role("button", name="Install and run").click()
        expect(status_of(page)).to_have_text(re.compile(r"^(Finished|Ended|Ready)"))
        text = output_of(page).inner_text()
        assert re.search(pattern, text, re.DOTALL), (title, text)
        expect(output_of(page).locator(".error")).to_have_count(0)
        plots = 1 if title == "Speed, with a plot" else 0
        expect(page.get_by_role("img", name="Picture")).to_have_count(plots)

    # What cannot be had here is asked for, and its absence is said.
    run_example(page, "A plot with matplotlib")
    expect(page.get_by_role("alert")).to_contain_text("matplotlib")
    page.get_by_role("button", name="Do not install").click()
