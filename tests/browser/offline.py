"""Python in a page with packages of PyPI, which makes no request to another origin."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser

from model.browser.python import PagePython
from tests.browser.watch import PageWatch
from tests.contexts import new_context

__all__ = ["offline_python"]


@contextmanager
def offline_python(chromium: Browser, site: str, wheels: Sequence[Path]) -> Iterator[PagePython]:
    """Start Python with these wheels in a page; at the end, fail if a request left the origin."""
    context = new_context(chromium)
    watch = PageWatch(context)
    yield PagePython(context.new_page(), site, wheels)
    context.close()
    assert {f"{origin}/" for origin in watch.origins()} == {site}, "a request left the origin"
