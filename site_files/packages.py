"""What the site takes from package registries, the wheels of this project, its documentation."""

from __future__ import annotations

import shutil
import sys
import venv
from pathlib import Path

from bridge.bundle import sources

from .project import Project, SetupError, made_from, python_of, tree

__all__ = ["build_docs", "build_wheels", "download_pyodide_wheels", "npm_install"]

PYODIDE_PYTHON = "3.14"
# The npm package of Pyodide brings no wheels; micropip is what a bare page installs with.
PYODIDE_WHEELS = ("micropip==0.11.1",)


def npm_install(project: Project) -> None:
    """Install what the lock file names, unless it is there; SetupError when npm fails."""
    lock = project.root / "package-lock.json"
    stamp = project.npm_stamp
    if stamp.is_file() and stamp.read_bytes() == lock.read_bytes():
        return
    npm = shutil.which("npm")
    if npm is None:
        raise SetupError("npm is missing: install Node.js 20 or newer (https://nodejs.org)")
    # engine-strict: refuse a Node.js older than package.json asks for.
    project.run(npm, "ci", "--engine-strict", "--ignore-scripts", "--no-audit", "--no-fund")
    shutil.copyfile(lock, stamp)


def download_pyodide_wheels(project: Project) -> None:
    """Fill `build/wheels`."""
    options = f"--no-deps --only-binary=:all: --python-version {PYODIDE_PYTHON}".split()
    wanted = [*options, *PYODIDE_WHEELS]
    project.once(
        "wheels", " ".join(wanted), lambda to: project.pip("download", *wanted, "--dest", str(to))
    )


def build_wheels(project: Project) -> None:
    """Fill `build/dist` with the wheel of the library, and `build/dist-wllama` with llama.cpp's."""
    root = project.root
    files = [root / "pyproject.toml", root / "hatch_build.py", root / "README.md"]
    files += [project.npm_stamp, *sources(root), *tree(root / "app/pywebllm").values()]
    files += tree(root / "static/models").values()
    _build_wheel(project, "dist", root, files)
    wllama = root / "wllama"
    _build_wheel(project, "dist-wllama", wllama, [*tree(wllama).values(), project.npm_stamp])


def build_docs(project: Project) -> None:
    """Write the documentation into `build/docs`, unless it is there and nothing changed.

    Raises SetupError when Sphinx cannot be installed, or warns about anything.
    """
    root = project.root
    files = [root / "static/icon.svg", root / "static/screenshot.png"]
    files += tree(root / "docs").values()
    files += tree(root / "examples").values()
    files += tree(root / "app/pywebllm").values()
    project.once("docs", made_from(files), lambda to: _write_docs(project, to))


def _build_wheel(project: Project, name: str, source: Path, files: list[Path]) -> None:
    wheel = ["wheel", "--no-deps", str(source), "--wheel-dir"]
    project.once(name, made_from(files), lambda to: project.pip(*wheel, str(to)))


def _write_docs(project: Project, folder: Path) -> None:
    wanted = project.root / "docs/requirements.txt"
    source = sys.version + wanted.read_text(encoding="utf-8")
    # Apart from pip's own: that one is made again for each Python.
    project.once("docs-venv", source, lambda to: _install(project, wanted, to))
    # Warnings are errors, and all of them are said.
    options = ["--fail-on-warning", "--keep-going", "--quiet", "--fresh-env", "--builder", "html"]
    cache = ["--doctree-dir", str(project.build / "docs-cache")]
    sphinx = [str(python_of(project.build / "docs-venv")), "-m", "sphinx", *options, *cache]
    project.run(*sphinx, str(project.root / "docs"), str(folder))


def _install(project: Project, requirements: Path, folder: Path) -> None:
    venv.create(folder)
    project.pip("--python", str(python_of(folder)), "install", "--requirement", str(requirements))
