"""The recipe as one command: it skips what is done, and goes on from what failed."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import pytest

from model.__main__ import command_line
from model.data.prompts import BUILTIN_MODEL, BUILTIN_REVISION
from model.everything import Step, run_steps, steps
from model.tools import RecipeError


def planned(tmp_path: Path) -> list[Step]:
    """Return two steps that need nothing; the second works once a model is there."""
    return [
        Step("data", ["data", "--count", "1"]),
        Step("checksums", ["checksums", tmp_path / "model"]),
        Step("last", ["data", "--count", "0"]),
    ]


def done(tmp_path: Path) -> set[str]:
    return {file.name for file in (tmp_path / "done").iterdir()}


def test_a_failed_step_stops_and_the_next_call_goes_on(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(RecipeError, match=r"'checksums' failed.*goes on from there"):
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


def test_what_follows_a_step_that_runs_runs_again(tmp_path: Path) -> None:
    some = [Step(name, ["data", "--count", "0"]) for name in ("first", "second", "third")]
    run_steps(some, tmp_path / "done")
    (tmp_path / "done" / "third").write_text("old")
    (tmp_path / "done" / "second").unlink()
    run_steps(some, tmp_path / "done")
    assert (tmp_path / "done" / "third").read_text("utf-8") != "old"


@pytest.mark.parametrize("preset", ["full", "smoke"])
def test_every_step_is_a_command(preset: str, tmp_path: Path) -> None:
    asked = Namespace(preset=preset, seed=3, out=tmp_path, processes=2, minutes=2.5, revision=None)
    made = steps(asked)
    assert [step.name for step in made] == [
        *("text", "train", "build", "checksums", "verify", "evaluate")
    ]
    for step in made:
        assert command_line().parse_args([*map(str, step.command)])
    assert command_line().parse_args([*map(str, made[1].command)]).minutes == 2.5
    assert f"{BUILTIN_MODEL}/resolve/{BUILTIN_REVISION}" in str(made[2].command)
