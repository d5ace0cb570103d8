"""The demo site, served by `serve.py` as the README says, for the duration of a `with` block."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

__all__ = ["ROOT", "served_site"]

ROOT = Path(__file__).parents[2]


@contextmanager
def served_site() -> Iterator[str]:
    """Start the server on a free port; yield its address, which ends in a slash."""
    command = [sys.executable, str(ROOT / "serve.py"), "--no-open", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield _address(server.stdout)
        finally:
            server.terminate()
            server.wait(10)


def _address(lines: IO[str]) -> str:
    for line in lines:
        words = line.split()
        address = next((word for word in words if word.startswith("http://127.0.0.1:")), None)
        if address:
            return address.rstrip("/") + "/"
    raise AssertionError("serve.py exited without printing its address")
