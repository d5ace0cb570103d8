"""Compare WebLLM on SwiftShader, llama.cpp through Python, and wllama's own JavaScript.

Run it as `.venv/bin/python -m bench.engines`; it serves the site and uses Chromium on SwiftShader.
Memory is the peak of the renderer process, of wllama alone and of the bridge without Python.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, Page, Route

from bench.page import chromium
from model.browser.gguf import write_gguf
from model.browser.page import bare_page
from model.browser.python import PagePython
from model.browser.site import ROOT, served_site

__all__: list[str] = []

_FOLDER = Path(__file__).parent
_MIB = 1024
_ROUNDS = 5


def _serve_bench(page: Page, site: str) -> None:
    def answer(route: Route) -> None:
        route.fulfill(path=_FOLDER / Path(route.request.url).name)

    page.route(f"{site}bench/*", answer)


def _peaks(browser: Browser, site: str) -> dict[str, object]:
    """Return the medians, since one peak depends on when the browser collects its garbage."""
    names = ("aloneOnce", "openBridged")
    rounds = [{name: _peak(browser, site, name) for name in names} for _ in range(_ROUNDS)]
    medians = {name: median(found[name] for found in rounds) for name in names}
    ratio = medians["openBridged"] / medians["aloneOnce"]
    return {"peak_mib": medians, "peak_against_wllama_alone": round(ratio, 3)}


def _peak(browser: Browser, site: str, function: str) -> float:
    """Return the peak memory in MiB of a new page's process that calls a function."""
    before = _renderers()
    page = browser.new_context().new_page()
    _serve_bench(page, site)
    bare_page(page, site)
    page.evaluate(f"async () => {{ await (await import('/bench/engines.js')).{function}(); }}")
    peak = max(_high_water(pid) for pid in _renderers() - before)
    page.close()
    return round(peak / _MIB, 1)


def _renderers() -> set[int]:
    """Return the processes of pages, of browsers that this process started."""
    found = {
        int(path.parent.name)
        for path in Path("/proc").glob("[0-9]*/cmdline")
        if b"--type=renderer" in _read(path)
    }
    return {pid for pid in found if os.getpid() in _ancestors(pid)}


def _ancestors(pid: int) -> Iterator[int]:
    while pid > 1:
        # After the name of the program, which is in parentheses: its state, and its parent.
        fields = _read(Path(f"/proc/{pid}/stat")).rpartition(b")")[2].split()
        pid = int(fields[1]) if fields else 0
        yield pid


def _high_water(pid: int) -> int:
    lines = _read(Path(f"/proc/{pid}/status")).decode().splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""  # the process has ended


def _main() -> None:
    with served_site() as site, chromium() as browser:
        model = ROOT / "build/site/model.gguf"
        write_gguf(model)
        peaks = _peaks(browser, site)
        page = browser.new_page()
        page.set_default_timeout(0)
        _serve_bench(page, site)
        PagePython(page, site)
        figures = page.evaluate("async () => (await import('/bench/engines.js')).run()")
        model.unlink()
    sys.stdout.write(json.dumps({**figures, **peaks}, indent=2) + "\n")


if __name__ == "__main__":
    _main()
