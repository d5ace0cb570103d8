"""The list of files in the service worker."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path

from site_files.offline import WORKER, kept_files, write_worker

PATHS = (
    "index.html",
    "index.de.html",
    "start.js",
    "style.css",
    "start/python.js",
    "python/worker.js",
    "libraries/storage.js",
    "vendor/pyodide/pyodide.asm.wasm",
    "vendor/pyscript/core.js",
    "webllm.js",
    "icon-512.png",
)
OTHERS = (
    "models/m/resolve/v1/params_shard_0.bin",
    "docs/index.html",
    "wllama/wllama.wasm",
    "vendor/pyscript/xterm-1.js",
    "vendor/wheels/micropip-1-py3-none-any.whl",
    "pywebllm-1-py3-none-any.whl",
    "libraries/LICENSES.txt",
)


def site(folder: Path) -> dict[str, Path]:
    files = {path: folder / path for path in (*PATHS, *OTHERS)}
    for path, file in files.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(path)
    return files


def test_files_of_a_start_are_kept_and_models_are_not(tmp_path: Path) -> None:
    entries = kept_files(site(tmp_path))
    assert {entry["url"] for entry in entries} == set(PATHS)
    (start,) = (entry for entry in entries if entry["url"] == "start.js")
    digest = hashlib.sha256(b"start.js").digest()
    assert start["integrity"] == "sha256-" + base64.b64encode(digest).decode()
    assert digest.hex().startswith(start["revision"])


def test_service_worker_differs_whenever_a_file_of_the_site_does(tmp_path: Path) -> None:
    files = site(tmp_path / "site")
    bundle = tmp_path / "bundle.js"
    bundle.write_text("the code")
    written = []
    for changed in (None, "style.css", "docs/index.html"):
        if changed:
            files[changed].write_text("changed")
        write_worker(bundle, files, tmp_path)
        written.append((tmp_path / WORKER).read_text())
    assert len(set(written)) == 3
    assert all(code.endswith("the code") for code in written)
    entries = re.search(r"self\.__FILES = (\[.*\]);", written[0])
    assert entries is not None
    assert len(json.loads(entries[1])) == len(PATHS)
