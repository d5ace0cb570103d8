"""The demo site, served by `serve.py` as the README says, for the duration of a `with` block."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import IO

from filelock import FileLock

from model.browser.processes import ROOT, started

__all__ = ["ROOT", "served_site", "site_lock"]


def site_lock() -> FileLock:
    """Return the lock of who builds the site, of several processes."""
    file = ROOT / "build/.site.lock"
    file.parent.mkdir(exist_ok=True)
    return FileLock(file)


@contextmanager
def served_site(*options: str) -> Iterator[str]:
    """Start the server on a free port, with options; yield its address, which ends in a slash.

    Of several processes, one builds the site while the others wait for it.
    """
    command = [sys.executable, str(ROOT / "serve.py"), "--no-open", "--port", "0", *options]
    with ExitStack() as stack:
        with site_lock():
            server = stack.enter_context(started(command))
            assert server.stdout is not None
            address = _address(server.stdout)
        yield address


def _address(lines: IO[str]) -> str:
    for line in lines:
        words = line.split()
        address = next((word for word in words if word.startswith("http://127.0.0.1:")), None)
        if address:
            return address.rstrip("/") + "/"
    raise AssertionError("serve.py exited without printing its address")
