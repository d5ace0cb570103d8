"""Print how fast the built-in model loads and generates, in Python and with WebLLM alone.

Run it as `.venv/bin/python -m bench.speed`; it serves the site and uses Chromium on SwiftShader.
"""

from __future__ import annotations

from bench.page import print_figures
from model.browser.page import bare_page

if __name__ == "__main__":
    print_figures("speed.js", bare_page)
