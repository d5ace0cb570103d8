"""The demo site, served by `serve.py` as the README says, for the duration of a `with` block."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from model.browser.processes import ROOT, started

__all__ = ["ROOT", "served_site"]


@contextmanager
def served_site(*options: str) -> Iterator[str]:
    """Start the server on a free port, with options; yield its address, which ends in a slash."""
    command = [sys.executable, str(ROOT / "serve.py"), "--no-open", "--port", "0", *options]
    with started(command) as server:
        assert server.stdout is not None
        yield _address(server.stdout)


def _address(lines: IO[str]) -> str:
    for line in lines:
        words = line.split()
        address = next((word for word in words if word.startswith("http://127.0.0.1:")), None)
        if address:
            return address.rstrip("/") + "/"
    raise AssertionError("serve.py exited without printing its address")
