"""Earlier versions of Pyodide, and Python in workers of every shape in which hosts start them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page

from model.browser.page import bare_page
from model.browser.pyodide_wheels import pyodide_wheels
from model.browser.python import StartedPython
from model.browser.site import ROOT
from tests.browser.registries import answer_registries

# A worker that only waits for what is evaluated in it.
_WORKER = """type => {
  const source = new Blob(["0;"], {type: "text/javascript"});
  globalThis.host = new Worker(URL.createObjectURL(source), {type});
}"""

_START = """async folder => {
  // As a classic worker does, and as a module does, which has no importScripts.
  const classic = "importScripts" in globalThis && !globalThis.document && (() => {
    try { importScripts(folder + "pyodide.js"); return true; } catch { return false; }
  })();
  const {loadPyodide} = classic ? globalThis : await import(folder + "pyodide.mjs");
  globalThis.pyodide = await loadPyodide({packages: ["micropip"]});
  await pyodide.pyimport("micropip").install("pywebllm");
  return classic;
}"""

# The version, its folder in `node_modules`, where Python runs, and what hosts do so.
PLACES = {
    "0.27 in a page": ("pyodide-0.27", "page"),
    "0.28 in a module worker": ("pyodide-0.28", "module"),
    "0.29 in a classic worker, as stlite and Panel": ("pyodide-0.29", "classic"),
    "the pinned version in a module worker": ("pyodide", "module"),
}


def _version(folder: str) -> str:
    package = json.loads((ROOT / "node_modules" / folder / "package.json").read_text("utf-8"))
    version: str = package["version"]
    return version


@pytest.fixture(params=list(PLACES.values()), ids=list(PLACES))
def started(
    request: pytest.FixtureRequest, context: BrowserContext, page: Page, site: str
) -> tuple[StartedPython, str]:
    """Python with the wheel installed by that version's micropip, and where it runs."""
    folder, place = request.param
    earlier = folder != "pyodide"
    more = pyodide_wheels(f"{folder}-requirements.txt") if earlier else ()
    answer_registries(context, site, pyodide=folder, more=more)
    bare_page(page, site)
    target: Any = page
    if place != "page":
        with page.expect_worker() as found:
            page.evaluate(_WORKER, place)
        target = found.value
    url = f"https://cdn.jsdelivr.net/pyodide/v{_version(folder)}/full/"
    assert target.evaluate(_START, url) == (place == "classic")
    # A worker that has had workers is not terminated and waited for: Chromium may never report its
    # end (`findings/chromium-nested-worker-target.sh`). All of them end with the page.
    return StartedPython(target), place


STLITE = "0.29 in a classic worker, as stlite and Panel"


async def in_streamlit(*, code: str) -> list[str]:
    """Run an app with a stand-in for Streamlit; return what it shows, in order."""
    import ast
    import functools
    import sys
    import types

    shown: list[str] = []

    class Place:
        def text(self, text: str) -> None:
            shown.append(text)

        def progress(self, ratio: float, text: str) -> None:
            shown.append(f"{ratio:.0%} {text}")

        def empty(self) -> None:
            shown.append("")

    app: dict[str, Any] = {}
    streamlit: Any = types.ModuleType("streamlit")
    streamlit.cache_resource = functools.cache
    streamlit.text_input = lambda label, value: value
    streamlit.progress = lambda ratio: Place()
    streamlit.empty = Place
    sys.modules["streamlit"] = streamlit
    await eval(compile(code, "app.py", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), app)
    await app["client"]().close()
    return shown


async def in_panel(*, code: str) -> list[str]:
    """Run an app with a stand-in for Panel, and click its button; return what it shows."""
    import sys
    import types

    shown: list[str] = []
    clicked: list[Any] = []

    class Text:
        def __init__(self, text: str) -> None:
            self.object = text

        def __setattr__(self, name: str, value: str) -> None:
            shown.append(value)

    panel: Any = types.ModuleType("panel")
    panel.widgets = types.SimpleNamespace(
        TextInput=lambda name, value: types.SimpleNamespace(value=value),
        Button=lambda name: types.SimpleNamespace(on_click=clicked.append),
    )
    panel.pane = types.SimpleNamespace(Str=Text)
    panel.Column = lambda *parts: types.SimpleNamespace(servable=lambda: None)
    sys.modules["panel"] = panel
    app: dict[str, Any] = {}
    exec(code, app)
    for click in clicked:
        await click(None)
    await app["llm"].close()
    return shown


@pytest.mark.parametrize("started", [PLACES[STLITE]], ids=[STLITE], indirect=True)
def test_apps_of_stlite_and_panel_show_progress_and_pieces_of_an_answer(
    started: tuple[StartedPython, str],
) -> None:
    python, _ = started
    page = (ROOT / "examples/stlite/index.html").read_text("utf-8")
    code = page.partition('<app-file name="app.py" entrypoint>')[2].partition("</app-file>")[0]
    shown = python.run(in_streamlit, code=code)
    assert "100% Ready" in shown
    assert shown[-1].startswith(shown[-2])
    assert "Ada" in shown[-1]
    shown = python.run(in_panel, code=(ROOT / "examples/panel/app.py").read_text("utf-8"))
    assert "Ready" in shown
    assert shown[-1].startswith(shown[-2])
    assert "Ada" in shown[-1]


async def everything() -> dict[str, object]:
    """Return what a first program does: every way in which Python and JavaScript meet."""
    import asyncio
    import dataclasses

    import pywebllm

    @dataclasses.dataclass
    class Draft:
        name: str
        likes_chess: bool

    ask = [{"role": "user", "content": "Name: Ada\nAge: 36\nInterests: chess"}]
    support = await pywebllm.check_support()
    found: dict[str, object] = {"ok": support.ok, "thread": support.thread}
    found["storage"] = support.storage
    phases = []
    async with pywebllm.AsyncWebLLM() as llm:
        create = llm.chat.completions.create
        await llm.load(on_progress=lambda progress: phases.append(progress.phase))
        found["phases"] = [phases[0], phases[-1]]
        found["text"] = (await create(messages=ask, seed=1, max_tokens=8)).text
        pieces = []
        async for chunk in await create(messages=ask, seed=1, stream=True):
            pieces.append(chunk.text)
            if len("".join(pieces)) > 10:
                break
        found["streamed"] = "".join(pieces)
        parsed = await llm.chat.completions.parse(messages=ask, seed=1, response_format=Draft)
        found["parsed"] = [type(parsed.parsed) is Draft, type(parsed.parsed.likes_chess).__name__]
        try:
            async with asyncio.timeout(0.3):
                await create(messages=ask, max_tokens=900, extra_body={"ignore_eos": True})
        except TimeoutError:
            found["timed_out"] = True
        try:
            await create(model="No-Such-q4f32_1-MLC", messages=ask)
        except pywebllm.ModelNotFoundError as error:
            found["not_found"] = "No-Such" in str(error)
        found["after"] = (await create(messages=ask, seed=1, max_tokens=8)).text
        found["cached"] = [(it.id, it.complete) for it in await llm.models.cached()]
    with pywebllm.WebLLM(share=True) as waiting:
        reply = waiting.chat.completions.create(messages=ask, seed=1, max_tokens=8)
        found["without_await"] = reply.text
        found["shared"] = waiting.shared
    return found


def test_pyodide_answers_wherever_it_runs(started: tuple[StartedPython, str]) -> None:
    python, place = started
    found = python.run(everything)
    text, streamed = str(found["text"]), str(found["streamed"])
    assert text.startswith("Ada is 36"), found
    assert found == {
        "ok": True,
        "thread": "worker",
        "storage": True,
        "phases": ["start", "ready"],
        "text": text,
        "streamed": streamed,
        "parsed": [True, "bool"],
        "timed_out": True,
        "not_found": True,
        "after": text,
        "cached": [["pywebllm-persona-q4f32_1", True]],
        "without_await": text,
        # A worker has no SharedWorker.
        "shared": place == "page",
    }
    assert text.startswith(streamed) or streamed.startswith(text)
