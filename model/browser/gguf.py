"""The built-in model as a GGUF file, as the page writes it for llama.cpp."""

from __future__ import annotations

import subprocess
from pathlib import Path

from model.browser.processes import ROOT

__all__ = ["write_gguf"]


def write_gguf(target: Path) -> None:
    """Write the file; it has about 30 MB."""
    (folder,) = (ROOT / "static/models").glob("*/resolve/*")
    command = ["node", str(ROOT / "bridge/wllama/export.mjs"), str(folder), str(target)]
    subprocess.run(command, check=True)
