"""The README's examples are typed, as a strict reader would check them, and short."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.readme import blocks

ROOT = Path(__file__).parents[2]


def test_examples_pass_mypy_strict(tmp_path: Path) -> None:
    for number, code in enumerate(blocks("python").values()):
        body = textwrap.indent(code, "    ")
        text = f"async def example() -> None:\n{body}"
        (tmp_path / f"example{number}.py").write_text(text, "utf-8")
    command = [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml")]
    checked = subprocess.run(
        [*command, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("heading", ["Like `openai`, in the page", "The official SDK, unchanged"])
def test_both_ways_take_less_than_ten_lines(heading: str) -> None:
    code = blocks("python")[heading]
    assert 0 < len([line for line in code.splitlines() if line.strip()]) < 10
