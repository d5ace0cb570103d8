"""The built-in model as a GGUF file, as the page writes it for llama.cpp."""

from __future__ import annotations

import subprocess
from pathlib import Path

from model.browser.processes import ROOT

__all__ = ["write_gguf"]


def write_gguf(target: Path, *, parts: int = 1) -> None:
    """Write the file, of about 30 MB; several parts get names like `mine-00001-of-00003.gguf`."""
    (folder,) = (ROOT / "static/models").glob("*/resolve/*")
    command = ["node", str(ROOT / "bridge/wllama/export.mjs"), str(folder), str(target), str(parts)]
    subprocess.run(command, check=True)
