"""The training loop at a tiny size: it learns, saves its state, and resumes."""

from __future__ import annotations

import copy
import csv
import itertools
import math
import re
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from model.__main__ import main
from model.tools import RecipeError
from model.train import folder
from model.train.corpus import LEARNED, START
from model.train.distributed import Worker, run_workers
from model.train.loop import Plan, Trainer
from model.train.network import Llama
from model.train.shape import SMOKE, Shape

pytestmark = pytest.mark.recipe


def rows() -> NDArray[np.int16]:
    counting = np.arange(64, dtype=np.int16)[None] % 8 + 3
    made = np.repeat(counting, 8, axis=0) | LEARNED
    made[:, [0, 32]] |= START
    return made


def trainer(
    tmp_path: Path, *, steps: int, deadline: float = math.inf, shape: Shape = SMOKE
) -> Trainer:
    torch.manual_seed(0)
    plan = Plan(batch=4, steps=steps, deadline=deadline, log_every=5)
    return Trainer(
        Llama(shape),
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


def test_training_resumes_where_it_stopped(tmp_path: Path) -> None:
    trainer(tmp_path, steps=10).train(lambda _: None)
    again = trainer(tmp_path, steps=10)
    before = again.validate()
    again.train(lambda _: None)
    assert again.validate() < before
    assert torch.load(tmp_path / "state.pt", weights_only=True)["step"] == 10


def test_training_can_fork_at_the_start_of_quantization(tmp_path: Path) -> None:
    made = trainer(tmp_path, steps=20)
    made.plan = replace(made.plan, quantized_from=2.0)
    made.train(lambda _: None, until=0.7)
    fork = copy.deepcopy(made.snapshot())
    assert fork["step"] == 14
    made.train(lambda _: None)
    as_floats = made.validate(share=0.0)
    made.restore(fork)
    made.plan = replace(made.plan, quantized_from=0.7)
    made.train(lambda _: None)
    assert made.validate() != as_floats
    assert made.snapshot()["step"] == 20


def test_state_of_another_shape_is_rejected(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trainer(tmp_path, steps=1).train(lambda _: None)
    other = trainer(tmp_path, steps=2, shape=replace(SMOKE, num_hidden_layers=3))
    with pytest.raises(RecipeError, match=r"state\.pt must be .* got another shape.* --fresh"):
        other.train(lambda _: None)
    # The command reports it before it makes any text.
    files = ["--out", str(tmp_path / "out"), "--state", str(tmp_path / "state.pt")]
    assert main(["train", "--preset", "full", *files]) == 1
    assert "another shape" in capsys.readouterr().err
    assert not (tmp_path / "text").exists()


def _average(folder: Path, worker: Worker) -> None:
    weight = torch.zeros(2, 3)
    weight.grad = torch.full((2, 3), float(worker.rank))
    worker.average_gradients([weight])
    shared = worker.broadcast(7.0 + worker.rank)
    (folder / f"{worker.rank}.txt").write_text(f"{weight.grad.unique().tolist()} {shared}")


def test_workers_average_gradients_and_share_the_progress(tmp_path: Path) -> None:
    assert run_workers(_average, tmp_path, size=2)
    written = {file.name: file.read_text() for file in tmp_path.iterdir()}
    assert written == dict.fromkeys(("0.txt", "1.txt"), "[0.5] 7.0")


def _fail(_: None, worker: Worker) -> None:
    if worker.rank == 1:
        raise RuntimeError("no luck")


def test_failed_worker_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    assert not run_workers(_fail, None, size=2)
    assert "no luck" in caplog.text


def test_deadline_ends_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # One second from one look at the clock to the next, whatever the machine does meanwhile.
    monkeypatch.setattr(time, "monotonic", map(float, itertools.count()).__next__)
    made = trainer(tmp_path, steps=10**9, deadline=20)
    made.train(lambda _: None)
    assert 0 < made.snapshot()["step"] < 20


def test_smoke_run_writes_a_complete_folder(tmp_path: Path) -> None:
    out = tmp_path / "out"
    files = ["--processes", "1", "--out", str(out), "--state", str(tmp_path / "state.pt")]
    assert main(["text", "--smoke", *files]) == 0
    command = [sys.executable, "-m", "model", "train", "--smoke", "--steps", "2", "--workers", "2"]
    command += files
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    assert not re.search("^(tokenizer|text)[:,]", finished.stderr, re.MULTILINE), "must be cached"
    names = {file.name for file in out.iterdir()}
    assert names >= {"config.json", "tokenizer.json", "tokenizer_config.json", "samples.txt"}
    assert names >= {"loss.csv", "loss.svg"}
    assert folder.load(out).shape == SMOKE
    samples = (out / "samples.txt").read_text("utf-8")
    assert re.search(r"^persona uses every given field +\d/4 ", samples, re.MULTILINE)


def test_invalid_input_stops_with_a_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sample", "--smoke", "--out", str(tmp_path)]) == 1
    assert "tokenizer.json" in capsys.readouterr().err
    assert main(["train", "--smoke", "--shape", "untied", "--out", str(tmp_path)]) == 1
    assert "--shape must be one of base, deep" in capsys.readouterr().err
