"""Print how fast the built-in model loads and writes, through Python and by WebLLM directly.

    .venv/bin/python -m bench.speed

It serves the site and evaluates `speed.js` in a page of Chromium on SwiftShader; one run gives
both ways, their medians and the ratio.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.chromium import FLAGS, find_chromium
from tests.browser.inpage import bare_page
from tests.browser.server import served_site

__all__ = ["main"]

_SCRIPT = Path(__file__).with_name("speed.js")


def main() -> None:
    """Run the benchmark once and print its figures as JSON."""
    path = find_chromium()
    if path is None:
        raise SystemExit("no Chromium found: run tests/run, which sets one up")
    with served_site() as site, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        page = browser.new_page()
        bare_page(page, site)
        figures = page.evaluate(_SCRIPT.read_text("utf-8"))
        browser.close()
    sys.stdout.write(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
