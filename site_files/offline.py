"""The service worker, which keeps the site's files: bundled, with the list of these files."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path

from bridge.bundle import rollup

__all__ = ["WORKER", "bundle_worker", "kept_files", "worker_sources", "write_worker"]

WORKER = "service_worker.js"
_CONFIG = "static/offline/rollup.config.js"

# What a start of the page needs, and the views that a visitor without a network may open.
_KEPT = re.compile(
    r"index(\.[\w-]+)?\.html|style\.css|start\.js|app\.zip|webllm(_bridge)?\.js|pyscript\.json"
    r"|site\.webmanifest|icon[\w-]*\.(svg|png)|(?!docs/|models/|vendor/|wllama/)[\w-]+/[^/]+\.m?js"
    r"|python/examples/\w+\.py"
    r"|vendor/pyodide/.+|vendor/pyscript/.+\.js"
)
# Of PyScript: what its editor, its terminal and another interpreter need. It imports the plugins
# that the page turns off, too.
_UNUSED = re.compile(
    r"vendor/pyscript/(codemirror|mpy|pyodide_graph|service-worker|xterm|zip)[^/]*"
)


def worker_sources(root: Path) -> list[Path]:
    """Return the files of the repository at `root` that the bundle is made from, sorted."""
    files = [*(root / "static/offline").glob("*.js"), *(root / "site_files").glob("*.js")]
    return sorted([*files, Path(__file__)])


def bundle_worker(root: Path, folder: Path) -> None:
    """Write the service worker of the repository at `root`, without its list, into `folder`.

    Raises:
        BundleError: Node.js or rollup is missing, or rollup fails.
    """
    rollup(root, "--config", _CONFIG, "--file", str(folder / WORKER))


def kept_files(files: Mapping[str, Path]) -> list[dict[str, str]]:
    """Return the entries for the service worker: the files that it fetches when it is installed.

    Args:
        files: All files of the site by their paths, without the service worker.
    """
    kept = {
        path: file.read_bytes()
        for path, file in sorted(files.items())
        if _KEPT.fullmatch(path) and not _UNUSED.fullmatch(path)
    }
    return [
        # A cache on the way may answer with the file of another version: that is not kept.
        {"url": path, "revision": _digest(data)[:16], "integrity": _integrity(data)}
        for path, data in kept.items()
    ]


def write_worker(bundle: Path, files: Mapping[str, Path], folder: Path) -> None:
    """Write the service worker with its list of files into `folder`.

    It differs whenever a file of the site does, so that browsers find the new version.

    Args:
        bundle: What `bundle_worker` wrote.
        files: All files of the site by their paths, without the service worker.
        folder: Where to write it.
    """
    entries = kept_files(files)
    others = sorted(files.items() - {(entry["url"], files[entry["url"]]) for entry in entries})
    rest = "".join(f"{path} {_digest(file.read_bytes())}\n" for path, file in others)
    version = _digest((json.dumps(entries) + rest).encode())[:16]
    head = f"self.__VERSION = {json.dumps(version)};\nself.__FILES = {json.dumps(entries)};\n"
    code = head + bundle.read_text(encoding="utf-8")
    (folder / WORKER).write_text(code, encoding="utf-8")


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _integrity(data: bytes) -> str:
    digest = hashlib.sha256(data).digest()
    return "sha256-" + base64.b64encode(digest).decode("ascii")
