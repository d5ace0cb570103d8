"""Bundle the modules of `static/libraries` with what they take from npm, one file each."""

from __future__ import annotations

from pathlib import Path

from bridge.bundle import rollup

__all__ = ["bundle_libraries", "library_sources"]

_CONFIG = "static/libraries/rollup.config.js"


def library_sources(root: Path) -> list[Path]:
    """Return the files of the repository at `root` that the bundles are made from, sorted."""
    files = [*(root / "static/libraries").rglob("*.js"), *(root / "site_files").glob("*.js")]
    bridge = [root / "bridge" / name for name in ("errors.js", "files.js", "urls.js")]
    return sorted([*files, *bridge, Path(__file__)])


def bundle_libraries(root: Path, folder: Path) -> None:
    """Write the bundles of the repository at `root` into `folder`.

    Raises:
        BundleError: Node.js or rollup is missing, or rollup fails.
    """
    rollup(root, "--config", _CONFIG, "--dir", str(folder))
