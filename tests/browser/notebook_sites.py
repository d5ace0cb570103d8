"""The sites of the notebook examples, built as their READMEs say, in environments of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

from model.browser.python import wheels
from model.browser.site import ROOT, site_lock

__all__ = ["jupyterlite_site", "marimo_site", "pure_pyyaml"]

_EXAMPLES = ROOT / "examples"
_WHEEL = "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def jupyterlite_site(target: Path) -> None:
    """Build JupyterLite with the wheel and the example's notebook."""
    work = target.with_name("jupyterlite")
    shutil.copytree(_EXAMPLES / "jupyterlite", work)
    (work / "pypi").mkdir()
    shutil.copy(ROOT / "build/site" / wheels()[-1], work / "pypi")
    program = _environment("jupyterlite") / "bin/jupyter-lite"
    command = [str(program), "build", "--contents", "content", "--output-dir", str(target)]
    subprocess.run(command, cwd=work, check=True, stdout=sys.stderr)


def marimo_site(target: Path) -> None:
    """Export the example's notebook."""
    scripts = _environment("marimo") / "bin"
    command = [str(scripts / "marimo"), "export", "html-wasm", "notebook.py", "--mode", "run"]
    command += ["--no-sandbox", "--output", str(target)]
    found = {**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"}
    subprocess.run(
        command,
        cwd=_EXAMPLES / "marimo",
        env=found,
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
    )


def pure_pyyaml(target: Path) -> Path:
    """Write PyYAML without its extension module as a wheel; PyPI has none for Pyodide.

    Pyodide builds its own; in this one only the faster reader and writer are missing.
    """
    (site,) = _environment("marimo").glob("lib/python*/site-packages")
    (about,) = site.glob("pyyaml-*.dist-info")
    version = about.name.removeprefix("pyyaml-").removesuffix(".dist-info")
    wheel = target / f"pyyaml-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for file in sorted((site / "yaml").glob("*.py")):
            archive.write(file, f"yaml/{file.name}")
        archive.write(about / "METADATA", f"{about.name}/METADATA")
        archive.writestr(f"{about.name}/WHEEL", _WHEEL)
        archive.writestr(f"{about.name}/RECORD", "")
    return wheel


def _environment(name: str) -> Path:
    # Installed once, unless what it needs changed; by one of several processes.
    wanted = _EXAMPLES / name / "requirements.txt"
    folder = ROOT / "build" / f"host-{name}"
    stamp = folder / "requirements.txt"
    with site_lock():
        if stamp.is_file() and stamp.read_text("utf-8") == wanted.read_text("utf-8"):
            return folder
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder, with_pip=True)
        command = [str(folder / "bin/python"), "-m", "pip", "--disable-pip-version-check"]
        command += ["install", "--quiet", "-r", str(wanted)]
        subprocess.run(command, check=True, stdout=sys.stderr)
        shutil.copy(wanted, stamp)
    return folder
