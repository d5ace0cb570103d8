"""`python -m model all`: every step of the recipe, from text to evaluation, unless it is done.

Each step is a command of `python -m model`, which runs in a separate process. When it succeeds, its
command is recorded in OUT/done, and the same command is skipped the next time. OUT can be copied
between machines under any name: to train on a GPU, to build with emcc, to evaluate in a browser.
"""

from __future__ import annotations

import argparse
import logging
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from model.data.prompts import BUILTIN_MODEL, BUILTIN_REVISION
from model.tools import RecipeError

__all__ = ["Step", "run_all", "run_steps", "steps"]

log = logging.getLogger("pywebllm.model")


@dataclass(frozen=True, slots=True)
class Step:
    """One command of `python -m model`.

    `effort` has options that do not change the identity of the step: time and parallelism.
    `outdated` are files that are removed when the step starts.
    """

    name: str
    command: Sequence[str | Path]
    effort: Sequence[str] = ()
    outdated: Sequence[Path] = ()


def run_all(arguments: argparse.Namespace) -> None:
    """Run the steps that are not done.

    Raises:
        RecipeError: A step failed; the message says how to continue.
    """
    out: Path = arguments.out
    if arguments.fresh:
        for name in ("done", "trained", "evaluation", BUILTIN_MODEL):
            shutil.rmtree(out / name, ignore_errors=True)
        (out / "state.pt").unlink(missing_ok=True)
    run_steps(steps(arguments), out / "done")
    log.info("%s is complete; copy it to static/models", out / BUILTIN_MODEL)


def steps(arguments: argparse.Namespace) -> list[Step]:
    """Return the steps in order."""
    out: Path = arguments.out
    trained, model = out / "trained", out / BUILTIN_MODEL
    built = model / "resolve" / (arguments.revision or BUILTIN_REVISION)
    smoke = arguments.preset == "smoke"
    state = out / "state.pt"
    made = ["--preset", arguments.preset, "--seed", str(arguments.seed)]
    made += ["--out", trained, "--state", state]
    processes = _option("--processes", arguments.processes)
    minutes = _option("--minutes", arguments.minutes)
    judged = ["--count", "2", "--no-fail"] if smoke else []
    # Its text is unlike the one that others are measured on; training reports the loss in 4 bits.
    unmeasured = "--skip-quality"
    return [
        # Training must not resume a network that was trained on another text.
        Step("text", ["text", *made], processes, outdated=[state, trained / "loss.csv"]),
        Step("train", ["train", *made], [*processes, *minutes]),
        Step("build", ["build", trained, "--name", BUILTIN_MODEL, "--out", built, unmeasured]),
        Step("checksums", ["checksums", model]),
        Step("verify", ["verify", trained, built, unmeasured]),
        Step("evaluate", ["evaluate", built, "--out", out / "evaluation", *judged]),
    ]


def run_steps(planned: Sequence[Step], done: Path) -> None:
    """Run the steps that are not recorded in `done`, and all steps after one that runs.

    `done` is a folder in OUT; steps are the same wherever OUT is.

    Raises:
        RecipeError: A step failed; the message says how to continue.
    """
    done.mkdir(parents=True, exist_ok=True)
    for place, step in enumerate(planned):
        if _is_done(step, done):
            log.info("%s: already done", step.name)
            continue
        for file in (*step.outdated, *(done / later.name for later in planned[place:])):
            file.unlink(missing_ok=True)
        seconds = _run(step, done.parent)
        lines = (_identity(step, done.parent), " ".join([f"{seconds:.0f} s", *step.effort]))
        (done / step.name).write_text("\n".join(lines) + "\n", "utf-8")
        log.info("%s: done in %.0f s", step.name, seconds)


def _option(option: str, value: object) -> list[str]:
    return [] if value is None else [option, str(value)]


def _is_done(step: Step, done: Path) -> bool:
    file = done / step.name
    if not file.is_file():
        return False
    before = file.read_text("utf-8").partition("\n")[0]
    if before == _identity(step, done.parent):
        return True
    log.info("%s: run again, because the last command was: %s", step.name, before)
    return False


def _identity(step: Step, out: Path) -> str:
    """Return the command in one line, with paths relative to OUT."""
    return shlex.join(
        f"OUT/{part.relative_to(out).as_posix()}"
        if isinstance(part, Path) and part.is_relative_to(out)
        else str(part)
        for part in step.command
    )


def _run(step: Step, out: Path) -> float:
    """Run the step and return its duration in seconds.

    Raises:
        RecipeError: It failed; the message says how to continue.
    """
    command = ["-m", "model", *map(str, step.command), *step.effort]
    log.info("%s: %s", step.name, shlex.join(["python", *command]))
    started = time.monotonic()
    if subprocess.run([sys.executable, *command], check=False).returncode:
        raise RecipeError(
            f"the step {step.name!r} failed; see the error above. Run the same command again to"
            f" continue from there, or copy {out} to a machine that meets the requirements."
        )
    return time.monotonic() - started
