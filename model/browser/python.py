"""Run the source of a coroutine function in Pyodide, in a real page or frame.

A caller writes what a user would write as an ordinary `async def`, so that it is linted and type
checked; `StartedPython.run` sends its source to the page and returns its JSON-serializable result.
"""

from __future__ import annotations

import inspect
import json
import textwrap
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from playwright.sync_api import Frame, Page, Route, Worker

from model.browser.page import bare_page
from model.browser.site import ROOT

__all__ = ["FramePython", "PagePython", "StartedPython", "wheels"]

Result = TypeVar("Result")

_START = """async ({wheels, more}) => {
  const {loadPyodide} = await import(new URL("vendor/pyodide/pyodide.mjs", document.baseURI).href);
  globalThis.pyodide = await loadPyodide();
  const urls = wheels.map(name => new URL(name, document.baseURI).href);
  await pyodide.loadPackage(urls.slice(0, -1), {messageCallback: () => {}});
  const {install} = pyodide.pyimport("micropip");
  await install(urls.at(-1));
  // Not by micropip, which takes far longer: all dependencies are among them.
  const archives = await Promise.all(
    more.map(async name => (await fetch(new URL(name, document.baseURI))).arrayBuffer()));
  const extractDir = pyodide.runPython("import site; site.getsitepackages()[0]");
  for (const archive of archives) pyodide.unpackArchive(archive, "wheel", {extractDir});
  pyodide.runPython("service = None");  // what a caller keeps between two runs
}"""


class StartedPython:
    """Pyodide that runs already, as the global `pyodide` of a page, frame or worker."""

    def __init__(self, place: Frame | Page | Worker) -> None:
        self._place = place

    def run(self, function: Callable[..., Awaitable[Result]], **arguments: Any) -> Result:
        """Run `function(**arguments)` in the page; arguments and result cross as JSON.

        Annotations may name what exists only here: Python 3.14 evaluates them lazily.
        """
        source = textwrap.dedent(inspect.getsource(function))
        code = "\n".join(
            [
                source,
                "import json as _json",
                f"_arguments = _json.loads({json.dumps(json.dumps(arguments))})",
                f"_json.dumps(await {function.__name__}(**_arguments))",
            ]
        )
        text = self._place.evaluate("code => pyodide.runPythonAsync(code)", code)
        result: Result = json.loads(text)
        return result


class FramePython(StartedPython):
    """Pyodide in a frame with the wheel installed; the frame's base URL is that of the site.

    `more` are the paths of further wheels of the site.
    """

    def __init__(self, frame: Frame | Page, more: Sequence[str] = ()) -> None:
        super().__init__(frame)
        self._start(more)

    def _start(self, more: Sequence[str] = ()) -> None:
        self._place.evaluate(_START, {"wheels": wheels(), "more": list(more)})


class PagePython(FramePython):
    """Pyodide in a page with the wheel installed as a user would install it.

    `more` are further wheels on this machine; the site's origin serves them to this page.
    """

    def __init__(self, page: Page, site: str, more: Sequence[Path] = ()) -> None:
        self.page = page
        bare_page(page, site)
        files = {f"more/{wheel.name}": wheel for wheel in more}

        def answer(route: Route) -> None:
            route.fulfill(path=files[route.request.url.removeprefix(site)])

        page.route(site + "more/*", answer)
        super().__init__(page, list(files))

    def reload(self) -> None:
        """Reload the page, and start Python again without the further wheels."""
        self.page.reload()
        self._start()


def wheels() -> list[str]:
    """Return the paths of the site's wheels: micropip first, the project last."""
    site = ROOT / "build/site"
    micropip = next(site.glob("vendor/wheels/micropip-*.whl"))
    wheel = next(site.glob("pywebllm-*.whl"))
    return [str(path.relative_to(site)) for path in (micropip, wheel)]
