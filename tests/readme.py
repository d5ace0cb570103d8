"""The README's code, by the heading it stands under."""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["README", "blocks"]

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")

_HEADING = re.compile(r"^(?:##+ (.+)|\*\*(.+?)\*\*)", re.MULTILINE)
_BLOCK = r"^```{}\n(.*?)^```"


def blocks(language: str) -> dict[str, str]:
    """Return each block of this language under the words above it."""
    found: dict[str, str] = {}
    for block in re.finditer(_BLOCK.format(language), README, re.DOTALL | re.MULTILINE):
        *_, heading = _HEADING.finditer(README, 0, block.start())
        name = (heading[1] or heading[2]).strip(".")
        # A second block under the same words.
        found[name if name not in found else f"{name}, then"] = block[1]
    return found
