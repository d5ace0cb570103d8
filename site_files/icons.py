"""Draw the PNG icons of the installed page from `static/icon.svg`; run it when that changes.

    .venv/bin/python -m site_files.icons

A maskable icon fills its square: a system cuts its own shape out of it, and keeps a circle of 80 %.
"""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import sync_playwright

from model.browser.chromium import find_chromium

_STATIC = Path(__file__).parents[1] / "static"

# File, size in pixels, and whether it is maskable.
_ICONS = (
    ("icon-192.png", 192, False),
    ("icon-512.png", 512, False),
    ("icon-maskable-512.png", 512, True),
    # iOS rounds the corners itself.
    ("icon-touch-180.png", 180, True),
)


def _drawing(svg: str, size: int, *, is_maskable: bool) -> str:
    """Return a page that shows the icon, as large as the window."""
    background = "transparent"
    scale = 1.0
    if is_maskable:
        ground = re.search(r'<rect[^>]*fill="(#[0-9a-f]+)"', svg)
        if ground is None:
            raise ValueError("icon.svg has no ground")
        background, scale = ground[1], 0.8
    inner = round(size * scale)
    svg = svg.replace("<svg ", f'<svg width="{inner}" height="{inner}" ', 1)
    style = f"margin:0;display:grid;place-items:center;height:100vh;background:{background}"
    return f'<body style="{style}">{svg}</body>'


def _main() -> None:
    svg = (_STATIC / "icon.svg").read_text(encoding="utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        for name, size, is_maskable in _ICONS:
            page = browser.new_page(viewport={"width": size, "height": size})
            page.set_content(_drawing(svg, size, is_maskable=is_maskable))
            page.screenshot(path=_STATIC / name, omit_background=True)
        browser.close()


if __name__ == "__main__":
    _main()
