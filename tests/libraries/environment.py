"""The libraries in an environment of their own, installed once into `build/`."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from pathlib import Path

__all__ = ["interpreter", "overlay"]

_HERE = Path(__file__).parent
_BUILD = _HERE.parents[1] / "build"


def interpreter() -> Path:
    """Return the Python of an environment with the libraries of `requirements.txt`."""
    folder = _BUILD / "sdk-libraries"
    python = folder / "bin/python"
    if not _is_current(folder, "requirements.txt"):
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder, with_pip=True)
        _install(python, folder, "requirements.txt")
    return python


def overlay() -> Path:
    """Return a folder with the packages of `lock-requirements.txt`, for the path of that Python."""
    folder = _BUILD / "sdk-libraries-lock"
    if not _is_current(folder, "lock-requirements.txt"):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        _install(interpreter(), folder, "lock-requirements.txt", "--target", str(folder))
    return folder


def _install(python: Path, folder: Path, requirements: str, *options: str) -> None:
    # Without dependencies, which take minutes to resolve, and differ from day to day.
    command = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    command += ["--no-deps", *options, "-r", str(_HERE / requirements)]
    subprocess.run(command, check=True, stdout=sys.stderr)
    shutil.copy(_HERE / requirements, folder / requirements)


def _is_current(folder: Path, requirements: str) -> bool:
    made_from = folder / requirements
    wanted = (_HERE / requirements).read_text("utf-8")
    return made_from.is_file() and made_from.read_text("utf-8") == wanted
