"""Wheels for Pyodide, downloaded from PyPI once into `build/`."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from model.browser.site import ROOT

__all__ = ["pyodide_wheels"]

_STAMP = ".made-from"
# The CPython ABI of the pinned Pyodide; wheels for it run in no other.
_ABI = "cp314"
_PLATFORM = "pyemscripten_2026_0_wasm32"


def pyodide_wheels(requirements: str) -> list[Path]:
    """Return the wheels pinned by a requirements file in `tests/`, downloaded if necessary."""
    wanted = ROOT / "tests" / requirements
    folder = ROOT / "build" / Path(requirements).stem
    made_from = json.dumps([wanted.read_text("utf-8"), _ABI, _PLATFORM])
    stamp = folder / _STAMP
    if not stamp.is_file() or stamp.read_text("utf-8") != made_from:
        shutil.rmtree(folder, ignore_errors=True)
        _download(wanted, folder)
        stamp.write_text(made_from, "utf-8")
    return sorted(folder.glob("*.whl"))


def _download(requirements: Path, folder: Path) -> None:
    # Without dependencies, which pip would resolve for this machine instead of the page.
    options = f"--no-deps --only-binary=:all: --python-version 3.14 --abi {_ABI}"
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet"]
    command += [*options.split(), "--implementation", "cp", "--platform", _PLATFORM]
    subprocess.run([*command, "--dest", str(folder), "-r", str(requirements)], check=True)
