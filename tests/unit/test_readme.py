"""The examples of README and documentation are typed, as a strict reader would check them."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.pages import PROGRAMS, program
from tests.readme import examples

ROOT = Path(__file__).parents[2]


def test_examples_pass_mypy_strict(tmp_path: Path) -> None:
    """A block of the README is a program, and so is a page of the documentation."""
    pages = ("\n".join(step.code for step in program(page)) for page in PROGRAMS)
    alone = (step.code for step in examples().values())
    for number, code in enumerate([*alone, *pages]):
        body = textwrap.indent(code, "    ")
        text = f"async def example() -> None:\n{body}"
        (tmp_path / f"example{number}.py").write_text(text, "utf-8")
    command = [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml")]
    checked = subprocess.run(
        [*command, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("heading", ["A first chat", "The official SDK"])
def test_shortest_examples_take_less_than_ten_lines(heading: str) -> None:
    code = examples()[heading].code
    assert 0 < len([line for line in code.splitlines() if line.strip()]) < 10
