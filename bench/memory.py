"""The memory of browsers that this process has started, on Linux, and of an NVIDIA card."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

__all__ = ["high_water", "peaks", "renderers"]

_SECONDS: Final = 0.2
_KIB_IN_MIB: Final = 1024

# Playwright talks to the main process by a pipe, and this one starts the others.
_OPTIONS: Final = (b"--remote-debugging-pipe", b"--type=")


def renderers() -> set[int]:
    """Return the processes of pages."""
    return set(_processes(b"--type=renderer"))


def high_water(pid: int) -> int:
    """Return the peak memory of a process in KiB, and 0 for one that has ended."""
    return _kib(f"/proc/{pid}/status", "VmHWM:")


@contextmanager
def peaks() -> Iterator[Mapping[str, int]]:
    """Yield what has, after the block, the most memory in MiB that was used in it.

    `processes` is that of all processes of the browser, where memory that several share is counted
    once; `gpu`, only where the program nvidia-smi is, that of the card beyond what was used before.
    """
    found: dict[str, int] = {}
    before = _gpu_mib()
    ended = threading.Event()

    def see() -> None:
        pss = sum(_kib(f"/proc/{pid}/smaps_rollup", "Pss:") for pid in _processes(*_OPTIONS))
        found["processes"] = max(found.get("processes", 0), pss // _KIB_IN_MIB)
        if before is not None:
            found["gpu"] = max(found.get("gpu", 0), (_gpu_mib() or 0) - before)

    def watch() -> None:
        while not ended.wait(_SECONDS):
            see()
        see()

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield found
    finally:
        ended.set()
        thread.join()


def _gpu_mib() -> int | None:
    program = shutil.which("nvidia-smi")
    if program is None:
        return None
    command = [program, "--query-gpu=memory.used", "--format=csv,noheader,nounits"]
    result = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 (a fixed command)
    return sum(int(line) for line in result.stdout.split())


def _processes(*options: bytes) -> Iterator[int]:
    """Yield the processes with one of the options, of browsers that this process started."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        pid = int(path.parent.name)
        command = _read(path)
        if any(option in command for option in options) and os.getpid() in _ancestors(pid):
            yield pid


def _ancestors(pid: int) -> Iterator[int]:
    while pid > 1:
        # After the name of the program, which is in parentheses: its state, and its parent.
        fields = _read(Path(f"/proc/{pid}/stat")).rpartition(b")")[2].split()
        pid = int(fields[1]) if fields else 0
        yield pid


def _kib(path: str, name: str) -> int:
    lines = _read(Path(path)).decode().splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith(name)), 0)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""  # the process has ended
