"""The comparison of shapes, at a tiny size: it trains unfinished runs and writes tables."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from model.train.shape import SMOKE

pytestmark = pytest.mark.recipe


def test_comparison_trains_unfinished_runs_and_writes_tables(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "model",
        "compare",
        "--smoke",
        "--shapes",
        "base",
        "--variations",
    ]
    command += ["--minutes", "0.01", "--processes", "1", "--out", str(tmp_path)]
    results = tmp_path / "runs"
    results.mkdir()
    # These runs are finished and must be kept.
    for name in ("base at 0.0015", "base 4 bits from 50 %", "base 4 bits from 85 %"):
        (results / f"{name}.json").write_text(json.dumps(measured(name)))
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    with (tmp_path / "compare.csv").open() as file:
        rows = {row["name"]: row for row in csv.DictReader(file)}
    assert list(rows)[:3] == ["base", "base at 0.0015", "base at 0.006"]
    assert int(rows["base"]["parameters"]) == SMOKE.parameters
    assert float(rows["base"]["rounded_8bit"]) == pytest.approx(float(rows["base"]["float"]), 0.01)
    assert "| base at 0.006 |" in (tmp_path / "compare.md").read_text("utf-8")


def measured(name: str) -> dict[str, object]:
    losses = dict.fromkeys(("float", "rounded_8bit", "rounded_4bit", "trained_4bit"), 1.0)
    numbers = ("parameters", "bytes", "tokens_per_second", "tokens", "peak", "quantised_from")
    return {"name": name, "loss": losses, "bytes_per_token": 4, **dict.fromkeys(numbers, 1)}
