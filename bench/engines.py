"""Compare WebLLM, llama.cpp through Python, and wllama's own JavaScript.

Run it as `.venv/bin/python -m bench.engines [--gpu]`; it serves the site and uses Chromium on
SwiftShader. Memory is that of wllama alone and of the bridge without Python, at the most. With
`--gpu`, on Linux, it uses the GPU, for both engines, and measures no memory.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, Page, Route

from bench.memory import high_water, peaks, renderers
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


def _peaks(site: str) -> dict[str, object]:
    """Return medians, since one peak depends on when the browser collects its garbage."""
    names = ("aloneOnce", "openBridged")
    rounds = [{name: _peak(site, name) for name in names} for _ in range(_ROUNDS)]
    found: dict[str, object] = {}
    for index, kind in enumerate(("page", "browser")):
        medians = {name: round(median(peak[name][index] for peak in rounds)) for name in names}
        found[f"peak_of_{kind}_mib"] = medians
        ratio = medians["openBridged"] / medians["aloneOnce"]
        found[f"peak_of_{kind}_against_wllama_alone"] = round(ratio, 3)
    return found


def _peak(site: str, function: str) -> tuple[float, float]:
    """Return the most memory in MiB of a page that calls a function, in a new browser.

    Of the page's process, and that of all processes beyond those of an empty page: a file that is
    a blob is in another process.
    """
    with chromium() as browser:
        before = renderers()
        page = browser.new_page()
        _serve_bench(page, site)
        bare_page(page, site)
        with peaks() as empty:
            pass
        with peaks() as full:
            page.evaluate(
                f"async () => {{ await (await import('/bench/engines.js')).{function}(); }}"
            )
            own = max(high_water(pid) for pid in renderers() - before)
        return own / _MIB, full["processes"] - empty["processes"]


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
    with served_site() as site:
        model = ROOT / "build/site/model.gguf"
        write_gguf(model)
        with chromium(gpu=gpu) as browser:
            figures = _speeds(browser, site)
        if not gpu:
            figures |= _peaks(site)
        model.unlink()
    sys.stdout.write(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    _main()
