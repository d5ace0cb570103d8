"""Processes that a block starts: none is left running, whatever happens in the block."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

__all__ = ["ROOT", "started"]

ROOT = Path(__file__).parents[2]


@contextmanager
def started(
    command: Sequence[str], *, stderr: int | None = None, patience: float = 10
) -> Iterator[subprocess.Popen[str]]:
    """Run a command in the project's folder while the block runs; its output can be read.

    At the end of the block the process is asked to terminate if it still runs; after `patience`
    seconds it is killed.
    """
    # The end of the block closes its pipes and waits, so the process must have ended by then.
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=stderr, text=True
    ) as process:
        try:
            yield process
        finally:
            _end(process, patience)


def _end(process: subprocess.Popen[str], patience: float) -> None:
    process.terminate()
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
