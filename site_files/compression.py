"""Compressed copies beside the files of the site, for hosts that send those to browsers.

nginx (`gzip_static`, `brotli_static`), Caddy (`precompressed`) and others do. A host that
compresses by itself, such as GitHub Pages, needs none; no browser asks for them by their names.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from .project import Project, SetupError, made_from, tree

__all__ = ["compressed_copies"]

_SUFFIXES = frozenset({".css", ".html", ".js", ".json", ".mjs", ".svg", ".wasm", ".webmanifest"})
# Bytes; below that the headers of an answer weigh more than what is saved.
_SMALLEST = 1024

# Python has no Brotli, Node.js has. The best quality, 11, takes minutes.
_NODE = """
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
const [folder, files] = [process.argv[1], JSON.parse(readFileSync(0, "utf-8"))];
for (const [path, file] of Object.entries(files)) {
  const data = readFileSync(file);
  const target = join(folder, path);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(`${target}.gz`, gzipSync(data, { level: 9 }));
  const params = { [constants.BROTLI_PARAM_QUALITY]: 9 };
  writeFileSync(`${target}.br`, brotliCompressSync(data, { params }));
}
"""


def compressed_copies(project: Project, files: Mapping[str, Path]) -> dict[str, Path]:
    """Return gzip and Brotli copies by their paths on the site; they are made when files changed.

    Raises:
        SetupError: Node.js is missing, or fails.
    """
    wanted = {
        path: file
        for path, file in files.items()
        if file.suffix in _SUFFIXES and file.stat().st_size >= _SMALLEST
    }
    source = made_from([Path(__file__), *wanted.values()])
    project.once("compressed", source, lambda to: _compress(wanted, to))
    return tree(project.build / "compressed")


def _compress(files: Mapping[str, Path], folder: Path) -> None:
    node = shutil.which("node")
    if node is None:
        raise SetupError("node is missing: install Node.js 20 or newer (https://nodejs.org)")
    given = json.dumps({path: str(file) for path, file in files.items()})
    command = [node, "--input-type=module", "--eval", _NODE, str(folder)]
    result = subprocess.run(  # noqa: S603 - the repository's own files
        command, input=given, capture_output=True, encoding="utf-8", check=False
    )
    if result.returncode != 0:
        raise SetupError(f"the files could not be compressed: {result.stderr[-2000:].strip()}")
