"""The recipe as one command: it skips finished steps and continues after a failed one."""

from __future__ import annotations

import shutil
from argparse import Namespace
from pathlib import Path

import pytest

from model.__main__ import command_line
from model.data.prompts import BUILTIN_MODEL, BUILTIN_REVISION
from model.pipeline import Step, run_steps, steps
from model.tools import RecipeError


def planned(tmp_path: Path) -> list[Step]:
    """Return steps without requirements; the second succeeds once a model exists."""
    return [
        Step("data", ["data", "--count", "1"]),
        Step("checksums", ["checksums", tmp_path / "model"]),
        Step("last", ["data", "--count", "1"]),
    ]


def done(tmp_path: Path) -> set[str]:
    return {file.name for file in (tmp_path / "done").iterdir()}


def test_next_call_continues_after_a_failed_step(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(RecipeError, match=r"'checksums' failed.*continue from there"):
        run_steps(planned(tmp_path), tmp_path / "done")
    assert done(tmp_path) == {"data"}
    assert "no files in resolve/" in capfd.readouterr().err
    file = tmp_path / "model" / "resolve" / "v1" / "model.wasm"
    file.parent.mkdir(parents=True)
    file.touch()
    before = (tmp_path / "done" / "data").stat().st_mtime_ns
    run_steps(planned(tmp_path), tmp_path / "done")
    assert done(tmp_path) == {"data", "checksums", "last"}
    assert (tmp_path / "done" / "data").stat().st_mtime_ns == before


def test_steps_after_one_that_runs_run_again(tmp_path: Path) -> None:
    some = [Step(name, ["data", "--count", "1"]) for name in ("first", "second", "third")]
    run_steps(some, tmp_path / "done")
    (tmp_path / "done" / "third").write_text("old")
    (tmp_path / "done" / "second").unlink()
    run_steps(some, tmp_path / "done")
    assert (tmp_path / "done" / "third").read_text("utf-8") != "old"


def test_only_an_identical_command_is_skipped(tmp_path: Path) -> None:
    state = tmp_path / "state.pt"

    def run(*, seed: str, count: str) -> None:
        first = ["data", "--seed", seed, "--count"]
        some = [
            Step("first", first, [count], outdated=[state]),
            Step("second", ["checksums", tmp_path / "model"]),
        ]
        run_steps(some, tmp_path / "done")

    file = tmp_path / "model" / "resolve" / "v1" / "model.wasm"
    file.parent.mkdir(parents=True)
    file.touch()
    run(seed="0", count="1")
    state.touch()
    marks = mark(tmp_path / "done")
    run(seed="0", count="2")
    assert mark(tmp_path / "done") == marks, "effort must not change the step"
    assert state.exists()
    run(seed="1", count="2")
    assert mark(tmp_path / "done").keys() == marks.keys()
    assert not mark(tmp_path / "done").items() & marks.items(), "later steps must run again"
    assert not state.exists()


def mark(folder: Path) -> dict[str, int]:
    return {file.name: file.stat().st_mtime_ns for file in folder.iterdir()}


def test_finished_steps_are_skipped_under_another_path(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    file = here / "model" / "resolve" / "v1" / "model.wasm"
    file.parent.mkdir(parents=True)
    file.touch()
    run_steps(planned(here), here / "done")
    shutil.copytree(here, there)
    before = mark(there / "done")
    shutil.rmtree(there / "model")
    run_steps(planned(there), there / "done")
    assert mark(there / "done") == before


def asked(out: Path, **given: object) -> Namespace:
    usual = {"preset": "full", "seed": 3, "processes": 2, "minutes": 2.5, "revision": None}
    return Namespace(**{**usual, "out": out, **given})


def commands(out: Path, **given: object) -> dict[str, str]:
    return {step.name: " ".join(map(str, step.command)) for step in steps(asked(out, **given))}


def test_preset_seed_and_revision_change_steps_but_time_does_not(tmp_path: Path) -> None:
    usual = commands(tmp_path)
    assert commands(tmp_path, minutes=9, processes=None) == usual
    for given in ({"preset": "smoke"}, {"seed": 4}):
        other = commands(tmp_path, **given)
        assert other["text"] != usual["text"]
        assert other["train"] != usual["train"]
    other = commands(tmp_path, revision="another")
    assert {name for name in usual if other[name] != usual[name]} == {"build", "verify", "evaluate"}


@pytest.mark.parametrize("preset", ["full", "smoke"])
def test_every_step_is_a_valid_command(preset: str, tmp_path: Path) -> None:
    made = steps(asked(tmp_path, preset=preset))
    assert [step.name for step in made] == [
        *("text", "train", "build", "checksums", "verify", "evaluate")
    ]
    for step in made:
        assert command_line().parse_args([*map(str, step.command), *step.effort])
    train = command_line().parse_args([*map(str, made[1].command), *made[1].effort])
    assert (train.minutes, train.processes) == (2.5, 2)
    assert train.state in made[0].outdated
    assert f"{BUILTIN_MODEL}/resolve/{BUILTIN_REVISION}" in str(made[2].command)


@pytest.mark.parametrize(
    ("command", "option"),
    [
        *[(name, "--processes") for name in ("all", "tokenizer", "text", "train", "compare")],
        *[(name, "--minutes") for name in ("all", "train", "compare")],
        *[(name, "--conversations") for name in ("text", "train", "compare")],
        *[(name, "--count") for name in ("data", "sample")],
        *[("train", name) for name in ("--steps", "--batch", "--workers")],
        ("compare", "--batch"),
    ],
)
@pytest.mark.parametrize("value", ["0", "-1", "none"])
def test_numbers_must_be_above_zero(
    command: str, option: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command_line().parse_args([command, option, "2"])
    with pytest.raises(SystemExit):
        command_line().parse_args([command, option, value])
    message = capsys.readouterr().err
    kind = "a number" if option == "--minutes" else "an integer"
    assert f"argument {option}: must be {kind} above zero, got '{value}'" in message
