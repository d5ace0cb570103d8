"""The style sheet of the page: one file, since a browser fetches few files at a time.

Made from `static/css/base.css`, and the other files of that folder, after what npm has.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

__all__ = ["STYLE", "join_styles", "style_sources"]

STYLE = "style.css"


def style_sources(root: Path, npm: Path) -> list[Path]:
    """Return the style sheets of the repository at `root`, in the order of the page.

    Args:
        root: The folder of the repository.
        npm: The folder of npm's packages.
    """
    folder = root / "static/css"
    base = folder / "base.css"
    views = sorted(file for file in folder.glob("*.css") if file != base)
    return [npm / "modern-normalize/modern-normalize.css", base, *views]


def join_styles(files: Sequence[Path], target: Path) -> None:
    """Write the style sheets, one after the other, into the file `target`."""
    target.write_text("\n".join(file.read_text(encoding="utf-8") for file in files), "utf-8")
