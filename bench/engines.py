"""Compare WebLLM, llama.cpp through Python, and wllama's own JavaScript.

Run it as `.venv/bin/python -m bench.engines [--gpu]`; it serves the site and uses Chromium on
SwiftShader. Memory is the peak of the renderer process, of wllama alone and of the bridge without
Python. With `--gpu`, on Linux, it uses the GPU, for both engines, and measures no memory.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, Page, Route

from bench.memory import high_water, renderers
from bench.page import chromium, wait_for_adapter
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
    before = renderers()
    page = browser.new_context().new_page()
    _serve_bench(page, site)
    bare_page(page, site)
    page.evaluate(f"async () => {{ await (await import('/bench/engines.js')).{function}(); }}")
    peak = max(high_water(pid) for pid in renderers() - before)
    page.close()
    return round(peak / _MIB, 1)


def _speeds(browser: Browser, site: str) -> dict[str, object]:
    page = browser.new_page()
    page.set_default_timeout(0)
    _serve_bench(page, site)
    python = PagePython(page, site)
    wait_for_adapter(python.page)
    figures: dict[str, object] = page.evaluate(
        "async () => (await import('/bench/engines.js')).run()"
    )
    return figures


def _main() -> None:
    description = next(iter((__doc__ or "").splitlines()))
    parser = argparse.ArgumentParser(prog="python -m bench.engines", description=description)
    parser.add_argument("--gpu", action="store_true", help="on the GPU, on Linux")
    gpu = parser.parse_args().gpu
    with served_site() as site, chromium(gpu=gpu) as browser:
        model = ROOT / "build/site/model.gguf"
        write_gguf(model)
        figures = _speeds(browser, site)
        if not gpu:
            figures |= _peaks(browser, site)
        model.unlink()
    sys.stdout.write(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    _main()
