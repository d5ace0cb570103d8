"""The README's examples are typed, as a strict reader would check them, and short."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from pywebllm import embeddings as embedding
from pywebllm.chat import parameters as chat
from pywebllm.completions import call as text
from pywebllm.request.table import Table

from tests.readme import README, blocks

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


# What clients take out of a request before it is one, and what is not in the reference.
_NOT_OPENAIS = {
    *("extra_body", "extra_headers", "extra_query", "timeout"),
    *("enable_latency_breakdown", "enable_thinking", "ignore_eos", "min_p"),
    *("repetition_penalty", "resumable", "top_k"),
}


@pytest.mark.parametrize(
    ("endpoint", "table"),
    [
        ("chat.completions", chat.PARAMETERS),
        ("completions", text.PARAMETERS),
        ("embeddings", embedding.PARAMETERS),
    ],
)
def test_what_is_honoured_is_listed_as_it_is(endpoint: str, table: Table) -> None:
    (row,) = re.findall(rf"^\| `{endpoint}` \|(.*)\|$", README, re.MULTILINE)
    listed = [set(re.findall(r"`(\w+)`", cell)) for cell in row.split("|")]
    assert listed == [
        {name for name, row in table.items() if row.how == how} - _NOT_OPENAIS
        for how in ("honored", "no effect", "refused")
    ]
