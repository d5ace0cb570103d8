"""Wheels for Pyodide, downloaded from PyPI once into `build/`."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from model.browser.site import ROOT, site_lock

__all__ = ["project_of", "pure_wheels", "pyodide_wheels"]

_STAMP = ".made-from"
# The CPython ABI of the pinned Pyodide; wheels for it run in no other.
_ABI = "cp314"
_PLATFORM = "pyemscripten_2026_0_wasm32"
_FOR_PYODIDE = ("--python-version", "3.14", "--abi", _ABI, "--implementation", "cp")


def pyodide_wheels(*requirements: str) -> list[Path]:
    """Return the wheels pinned by requirements files in `tests/`, downloaded if necessary.

    Where two of the files name one package, the wheel is that of the later file.
    """
    options = [*_FOR_PYODIDE, "--platform", _PLATFORM]
    found: dict[str, Path] = {}
    for name in requirements:
        found |= {project_of(wheel): wheel for wheel in _downloaded(name, options)}
    return list(found.values())


def pure_wheels(requirements: str) -> list[Path]:
    """Return such wheels for this machine, without their extension modules.

    For packages that can do without them: PyPI has no wheels of them for Pyodide, which builds its
    own.
    """
    return [_without_extensions(wheel) for wheel in _downloaded(requirements, [])]


def project_of(wheel: Path) -> str:
    """Return the normalized name of a wheel's package."""
    # https://packaging.python.org/en/latest/specifications/name-normalization/
    return re.sub(r"[-_.]+", "-", wheel.name.split("-")[0]).lower()


def _downloaded(requirements: str, options: list[str]) -> list[Path]:
    # By one of several processes.
    with site_lock():
        return _download(requirements, options)


def _download(requirements: str, options: list[str]) -> list[Path]:
    wanted = ROOT / "tests" / requirements
    folder = ROOT / "build" / Path(requirements).stem
    made_from = json.dumps([wanted.read_text("utf-8"), *options])
    stamp = folder / _STAMP
    if not stamp.is_file() or stamp.read_text("utf-8") != made_from:
        shutil.rmtree(folder, ignore_errors=True)
        # Without dependencies, which pip would resolve for this machine instead of the page.
        command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download"]
        command += ["--quiet", "--no-deps", "--only-binary=:all:", *options]
        subprocess.run([*command, "--dest", str(folder), "-r", str(wanted)], check=True)
        stamp.write_text(made_from, "utf-8")
    return sorted(folder.glob("*.whl"))


def _without_extensions(wheel: Path) -> Path:
    name, version, *_ = wheel.name.split("-")
    pure = wheel.parent / "pure" / f"{name}-{version}-py3-none-any.whl"
    if not pure.is_file():
        pure.parent.mkdir(exist_ok=True)
        written = pure.with_suffix(".part")
        with zipfile.ZipFile(wheel) as given, zipfile.ZipFile(written, "w") as archive:
            for entry in given.infolist():
                if not entry.filename.endswith((".so", ".pyd")):
                    archive.writestr(entry, given.read(entry))
        written.replace(pure)
    return pure
