"""The page's Python files as one archive, which the page's Python imports from."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from pathlib import Path

from .project import tree

__all__ = ["ARCHIVE", "app_archive", "checksum"]

ARCHIVE = "app.zip"
_CACHED = re.compile(r"__pycache__/([^./]+)\.[^/]+$")


def app_archive(app: Path, bytecode: Path) -> bytes:
    """Return the app's Python files and their bytecode as a zip archive.

    The same files give the same bytes.
    """
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as bundle:
        for path, source in sorted((tree(app) | _compiled(bytecode)).items()):
            # An entry made by hand has the fixed date of 1980.
            entry = zipfile.ZipInfo(path)
            bundle.writestr(entry, source.read_bytes(), zipfile.ZIP_DEFLATED)
    return archive.getvalue()


def checksum(archive: bytes) -> str:
    """Return the version of an archive; `static/start/snapshot_worker.js` computes the same."""
    return hashlib.sha256(archive).hexdigest()


def _compiled(folder: Path) -> dict[str, Path]:
    # An import from an archive looks for bytecode beside the source, without Python's tag.
    return {
        re.sub(
            r"__pycache__/([^./]+)\.[^/]+$", r"\1.pyc", file.relative_to(folder).as_posix()
        ): file
        for file in folder.rglob("*.pyc")
    }
