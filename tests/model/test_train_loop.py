"""Training itself, tiny: it learns, keeps what it learned, and goes on after a stop."""

from __future__ import annotations

import csv
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from model.__main__ import main
from model.train import folder
from model.train.corpus import LEARNED, START
from model.train.loop import Plan, Trainer
from model.train.network import Llama
from model.train.shape import SMOKE

pytestmark = pytest.mark.recipe


def rows() -> NDArray[np.int16]:
    counting = np.arange(64, dtype=np.int16)[None] % 8 + 3
    made = np.repeat(counting, 8, axis=0) | LEARNED
    made[:, [0, 32]] |= START
    return made


def trainer(tmp_path: Path, *, steps: int, seconds: float = 100) -> Trainer:
    torch.manual_seed(0)
    plan = Plan(batch=4, steps=steps, deadline=time.monotonic() + seconds, log_every=5)
    return Trainer(
        Llama(SMOKE),
        rows(),
        rows(),
        plan=plan,
        log_file=tmp_path / "loss.csv",
        state=tmp_path / "state.pt",
    )


def test_training_learns_and_logs(tmp_path: Path) -> None:
    made = trainer(tmp_path, steps=40)
    before = made.validate()
    saved: list[Llama] = []
    made.train(saved.append)
    assert made.validate() < before / 2
    assert saved
    with (tmp_path / "loss.csv").open() as file:
        logged = list(csv.DictReader(file))
    assert [int(row["step"]) for row in logged] == list(range(5, 41, 5))
    assert {row["quantised"] for row in logged} == {"0", "1"}


def test_training_goes_on_where_it_stopped(tmp_path: Path) -> None:
    trainer(tmp_path, steps=10).train(lambda _: None)
    again = trainer(tmp_path, steps=10)
    before = again.validate()
    again.train(lambda _: None)
    assert again.validate() < before
    assert torch.load(tmp_path / "state.pt", weights_only=True)["step"] == 10


def test_deadline_ends_training(tmp_path: Path) -> None:
    started = time.monotonic()
    trainer(tmp_path, steps=10**9, seconds=2).train(lambda _: None)
    assert time.monotonic() - started < 30


@pytest.mark.timeout(300)
def test_smoke_run_makes_a_whole_folder(tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-m", "model", "train", "--smoke", "--steps", "2"]
    command += ["--processes", "1", "--out", str(out), "--state", str(tmp_path / "state.pt")]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    names = {file.name for file in out.iterdir()}
    assert names >= {"config.json", "tokenizer.json", "tokenizer_config.json", "samples.txt"}
    assert folder.load(out).shape == SMOKE
    assert "passed everything" in (out / "samples.txt").read_text("utf-8")


def test_bad_input_stops_with_a_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sample", "--smoke", "--out", str(tmp_path)]) == 1
    assert "tokenizer.json" in capsys.readouterr().err
    assert main(["train", "--smoke", "--minutes", "0", "--out", str(tmp_path)]) == 1
    assert "above zero" in capsys.readouterr().err
