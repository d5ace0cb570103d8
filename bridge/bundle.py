"""Bundle `webllm_bridge.js` and the modules of this folder into the one file that pages load.

`serve.py` calls `bundle` for the site, and hatch_build.py for the wheel. It needs Node.js, and
rollup, which `npm ci` installs.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

__all__ = ["BUNDLE", "BundleError", "bundle", "rollup", "sources"]

BUNDLE = "webllm_bridge.js"

_ROLLUP = "node_modules/rollup/dist/bin/rollup"
_CONFIG = "bridge/rollup.config.js"


class BundleError(Exception):
    """The bridge cannot be bundled; the message says what to do."""


def sources(root: Path) -> list[Path]:
    """Return the files of the repository at `root` that a bundle is made from, sorted."""
    return sorted([root / BUNDLE, *(root / "bridge").rglob("*.js"), root / "bridge/bundle.py"])


def bundle(root: Path, folder: Path) -> Path:
    """Write the bundle of the repository at `root` into `folder`, and return its path.

    Raises:
        BundleError: As `rollup` raises it, for example on an import cycle.
    """
    target = folder / BUNDLE
    rollup(root, "--config", _CONFIG, "--file", str(target))
    return target


def rollup(root: Path, *options: str) -> None:
    """Run rollup of the repository at `root`, in it.

    Raises:
        BundleError: Node.js or rollup is missing, or rollup fails.
    """
    node = shutil.which("node")
    if node is None:
        raise BundleError("node is missing: install Node.js 20 or newer (https://nodejs.org)")
    if not (root / _ROLLUP).is_file():
        raise BundleError(f"{root / _ROLLUP} is missing: run `npm ci --ignore-scripts` in {root}")
    command = [node, _ROLLUP, "--silent", *options]
    result = subprocess.run(  # noqa: S603 - the repository's own files
        command, cwd=root, capture_output=True, encoding="utf-8", errors="replace", check=False
    )
    if result.returncode != 0:
        raise BundleError(f"rollup {' '.join(options)} failed: {result.stderr.strip()}")
