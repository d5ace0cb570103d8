"""The folder that a site is written into: what is not the site's own stays as it is."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Set
from pathlib import Path

from .project import SetupError, version_of

__all__ = ["MARKER", "write_site"]

# In a folder with a site: the paths of the site's own files, one a line.
MARKER = ".pywebllm-site"
_SOURCE = Path(__file__).parents[1] / "static"


def write_site(target: Path, sources: Mapping[str, Path]) -> None:
    """Make `target` contain this site; copy only what changed, and remove own files of before.

    All other files stay as they are: `MARKER` lists the site's own.

    Raises SetupError, and changes nothing, when `target` is not empty and no site of ours, or when
    a path of the site is taken by another file or leads through a symbolic link.
    """
    target = target.resolve()
    paths = set(sources)
    for path in _reserve(target, paths) - paths:
        if _is_plain(target, path) and (target / path).is_file():
            (target / path).unlink()
    _new(target / MARKER).write_text("\n".join(sorted(paths)) + "\n", encoding="utf-8")
    for path, source in sources.items():
        _copy(source, target / path)


def _reserve(target: Path, paths: Set[str]) -> set[str]:
    # The paths of the site's own files there; the empty marker of an older version lists none.
    if target.is_relative_to(_SOURCE):
        raise SetupError(f"{target} is a part of the site's source: choose a folder outside static")
    target.mkdir(parents=True, exist_ok=True)
    marker = target / MARKER
    if any(target.iterdir()) and not marker.is_file():
        raise SetupError(f"{target} is not empty and no site of ours: choose a new or empty folder")
    listed = set(marker.read_text(encoding="utf-8").splitlines()) if marker.is_file() else set()
    own = listed or paths
    for path in [MARKER, *paths]:
        if not _is_plain(target, path):
            raise SetupError(f"{target / path} leads through a symbolic link: remove it")
    for path in paths - own:
        if (target / path).exists():
            raise SetupError(f"{target / path} is not a file of the site, which needs it: move it")
    return set(own)


def _is_plain(target: Path, path: str) -> bool:
    # Inside the target, with no symbolic link on the way.
    file = target / path
    return file.resolve() == file and file.is_relative_to(target)


def _copy(source: Path, target: Path) -> None:
    if not target.is_file() or version_of(target) != version_of(source):
        shutil.copy2(source, _new(target))


def _new(file: Path) -> Path:
    # Not the old file with new content: what is a hard link to that, as in a backup, stays.
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    return file
