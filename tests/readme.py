"""The README's Python blocks, by the heading they stand under."""

from __future__ import annotations

import re
from pathlib import Path

from tests.pages import Step, steps

__all__ = ["README", "examples"]

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")

_HEADING = re.compile(r"^(?:##+ (.+)|\*\*(.+?)\*\*)", re.MULTILINE)


def examples() -> dict[str, Step]:
    """Return each Python block under the words above it; each is a program of its own."""
    found: dict[str, Step] = {}
    for step in steps(README):
        *_, heading = _HEADING.finditer(README, 0, README.index(step.code))
        found[heading[1] or heading[2]] = step
    assert len(found) == len(steps(README)), "two blocks stand under one heading"
    return found
