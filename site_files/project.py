"""The repository that a site is built from, and the steps of its build.

Each step fills a folder of `build/`, once for what it is made from.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Project", "SetupError", "made_from", "python_of", "say", "tree", "version_of"]


class SetupError(Exception):
    """Something is missing or failed; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Project:
    """A repository.

    Attributes:
        root: Its folder.
    """

    root: Path

    @property
    def build(self) -> Path:
        """The folder of what is made."""
        return self.root / "build"

    @property
    def npm(self) -> Path:
        """The folder of npm's packages."""
        return self.root / "node_modules"

    @property
    def npm_stamp(self) -> Path:
        """A copy of npm's lock file, written when all of it is installed."""
        return self.npm / ".pywebllm-lock.json"

    def once(self, name: str, source: str, make: Callable[[Path], object]) -> None:
        """Fill `build/NAME` by `make`, unless it is there and was made from the same `source`."""
        folder = self.build / name
        stamp = folder / ".made-from"
        if stamp.is_file() and stamp.read_text(encoding="utf-8") == source:
            return
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        make(folder)
        stamp.write_text(source, encoding="utf-8")

    def run(self, *command: str) -> None:
        """Run a command in the repository; SetupError when it fails."""
        say("setting up: " + " ".join([Path(command[0]).name, *command[1:]]))
        # Its output goes where our messages go: the first line of stdout is the address.
        result = subprocess.run(  # noqa: S603 - the commands of this package
            command, cwd=self.root, stdout=sys.stderr.fileno(), check=False
        )
        if result.returncode != 0:
            raise SetupError(
                "this step failed; the reason is above. It may be the network: try again"
            )

    def pip(self, *arguments: str) -> None:
        """Run pip; SetupError when it fails."""
        # A virtual environment of our own: the system's Python may lack pip, or refuse it, by
        # PEP 668.
        self.once("venv", sys.version, _make_environment)
        pip = [str(python_of(self.build / "venv")), "-m", "pip", "--disable-pip-version-check"]
        self.run(*pip, *arguments, "--quiet")


def python_of(environment: Path) -> Path:
    """Return the path of Python in a virtual environment."""
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def tree(folder: Path, prefix: str = "") -> dict[str, Path]:
    """Map paths to files, for all files of a folder that are neither hidden nor a cache."""
    files = {file.relative_to(folder): file for file in folder.rglob("*") if file.is_file()}
    return {
        prefix + path.as_posix(): file
        for path, file in files.items()
        if not any(part.startswith((".", "__pycache__")) for part in path.parts)
    }


def made_from(files: Sequence[Path]) -> str:
    """Return a text that changes when one of the files does."""
    return "\n".join(f"{file} {version_of(file)}" for file in sorted(files))


def version_of(file: Path) -> tuple[int, int]:
    """Return what changes with the content of a file."""
    facts = file.stat()
    return facts.st_size, facts.st_mtime_ns


def say(message: str) -> None:
    """Write a line to stderr."""
    sys.stderr.write(message + "\n")


def _make_environment(folder: Path) -> None:
    try:
        venv.create(folder, with_pip=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise SetupError(
            "this Python cannot make a virtual environment: install its module venv"
            " (on Debian and Ubuntu the package python3-venv)"
        ) from error
