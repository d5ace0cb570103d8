"""SHA256SUMS: the checksums of the files of a model."""

from __future__ import annotations

import argparse
import hashlib
import sys
from pathlib import Path

from model.tools import RecipeError

__all__ = ["CHECKSUMS", "checksums", "record"]

CHECKSUMS = "SHA256SUMS"


def checksums(model: Path) -> str:
    """Return a line for each file of each revision in `model`, in the format of `sha256sum`."""
    files = sorted(path for path in (model / "resolve").rglob("*") if path.is_file())
    return "".join(f"{_digest(path)}  {path.relative_to(model).as_posix()}\n" for path in files)


def record(arguments: argparse.Namespace) -> None:
    """Write and print SHA256SUMS of the revisions of a model.

    Raises:
        RecipeError: There is no revision.
    """
    model: Path = arguments.model
    lines = checksums(model)
    if not lines:
        raise RecipeError(f"{model} has no files in resolve/. Run `python -m model build` first.")
    (model / CHECKSUMS).write_text(lines, "utf-8")
    sys.stdout.write(lines)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
