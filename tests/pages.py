"""The documentation's pages: the Python blocks of each are one program, run in order.

A `text` block directly after a Python block is what that block prints; `…` stands for anything. A
comment `<!-- stand-in: WRITTEN => USED -->` directly before a block names what the tests use in
place of something that is not on this machine.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

__all__ = ["DOCS", "PAGES", "PROGRAMS", "Step", "fences", "program", "steps"]

DOCS = Path(__file__).parents[1] / "docs"

PAGES = {path.relative_to(DOCS).as_posix(): path.read_text("utf-8") for path in DOCS.rglob("*.md")}

_STEP = re.compile(
    r"(?:^<!-- stand-in: (?P<written>[^\n]+) => (?P<used>[^\n]+) -->\n\n)?"
    r"^```python\n(?P<code>.*?)^```\n"
    r"(?:\n```text\n(?P<printed>.*?)^```\n)?",
    re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A Python block.

    Attributes:
        code: As it is printed.
        stand_in: What the tests write in place of what; None: the block runs as it is printed.
        printed: What the page says that it prints; None: the page does not say.
    """

    code: str
    stand_in: tuple[str, str] | None
    printed: str | None

    @property
    def runnable(self) -> str:
        """The code as the tests run it."""
        return self.code if self.stand_in is None else self.code.replace(*self.stand_in)

    def agrees(self, printed: str) -> bool:
        """Return True when the page says nothing else than what was printed."""
        if self.printed is None:
            return True
        expected = ".*".join(map(re.escape, self.printed.strip().split("…")))
        return re.fullmatch(expected, printed.strip(), re.DOTALL) is not None


def program(page: str) -> list[Step]:
    """Return the Python blocks of a page, in order."""
    return steps(PAGES[page])


def steps(text: str) -> list[Step]:
    """Return the Python blocks of a text in Markdown, in order."""
    return [
        Step(
            code=found["code"],
            stand_in=(found["written"], found["used"]) if found["written"] else None,
            printed=found["printed"],
        )
        for found in _STEP.finditer(text)
    ]


def fences(text: str) -> dict[str, list[str]]:
    """Return the fenced blocks by what is written after the fence that opens them."""
    found: dict[str, list[str]] = {}
    for language, code in re.findall(r"^```(\S*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE):
        found.setdefault(language, []).append(code)
    return found


# The pages that have a program.
PROGRAMS = sorted(page for page in PAGES if program(page))
