"""Bundle `webllm_bridge.js` and the modules of this folder into the one file that pages load.

`serve.py` calls `bundle` for the site; hatchling calls `get_build_hook` for the wheel, as
configured in pyproject.toml. Both need Node.js, and rollup, which `npm ci` installs.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface

__all__ = ["BUNDLE", "BundleError", "bundle", "get_build_hook", "sources"]

BUNDLE = "webllm_bridge.js"

_ROLLUP = "node_modules/rollup/dist/bin/rollup"
_CONFIG = "bridge/rollup.config.js"
_WHEEL_PATH = f"pywebllm/assets/{BUNDLE}"


class BundleError(Exception):
    """The bridge cannot be bundled; the message says what to do."""


def sources(root: Path) -> list[Path]:
    """Return the files of the repository at `root` that a bundle is made from, sorted."""
    return sorted([root / BUNDLE, *(root / "bridge").rglob("*.js"), root / "bridge/bundle.py"])


def bundle(root: Path, folder: Path) -> Path:
    """Write the bundle of the repository at `root` into `folder`, and return its path.

    Raises:
        BundleError: Node.js or rollup is missing, or rollup fails, for example on an import cycle.
    """
    node = shutil.which("node")
    if node is None:
        raise BundleError("node is missing: install Node.js 20 or newer (https://nodejs.org)")
    if not (root / _ROLLUP).is_file():
        raise BundleError(f"{root / _ROLLUP} is missing: run `npm ci --ignore-scripts` in {root}")
    target = folder / BUNDLE
    command = [node, _ROLLUP, "--config", _CONFIG, "--silent", "--file", str(target)]
    result = subprocess.run(  # noqa: S603 - the repository's own files
        command, cwd=root, capture_output=True, encoding="utf-8", errors="replace", check=False
    )
    if result.returncode != 0:
        raise BundleError(f"rollup could not bundle {BUNDLE}: {result.stderr.strip()}")
    return target


def get_build_hook() -> type[BuildHookInterface[Any]]:
    """Return the build hook that puts the bundle into a wheel; hatchling looks for this name."""
    # Only a build has hatchling, and serve.py imports this module without it.
    from hatchling.builders.hooks.plugin.interface import (  # noqa: PLC0415
        BuildHookInterface,
    )

    class BridgeHook(BuildHookInterface[Any]):
        """Adds the bundle to the files of a wheel."""

        def initialize(self, version: str, build_data: dict[str, Any]) -> None:
            """Bundle before the build of the wheel."""
            self._folder = tempfile.TemporaryDirectory()
            target = bundle(Path(self.root), Path(self._folder.name))
            build_data["force_include"][str(target)] = _WHEEL_PATH

        def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
            """Remove the temporary folder after the build."""
            self._folder.cleanup()

    return BridgeHook
