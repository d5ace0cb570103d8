"""`python -m model all`: every step of the recipe, from text to evaluation, unless it is done.

Each step is a command of `python -m model`, run in a process of its own. Where it succeeds it
leaves its command in OUT/done, and is done for those that give the same command again. OUT can be
carried on under any name: trained where there is a GPU, built where emcc is, judged where a
browser is.
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

__all__ = ["Step", "everything", "run_steps", "steps"]

log = logging.getLogger("pywebllm.model")


@dataclass(frozen=True, slots=True)
class Step:
    """One command of `python -m model`.

    `effort` is given to the command, but makes no other step of it: how long and how parallel it
    is to work. `outdated` are files that are of no use once the step has begun.
    """

    name: str
    command: Sequence[str | Path]
    effort: Sequence[str] = ()
    outdated: Sequence[Path] = ()


def everything(arguments: argparse.Namespace) -> None:
    """Run what is not done yet.

    Raises RecipeError where a step fails, with how to go on.
    """
    out: Path = arguments.out
    if arguments.fresh:
        for name in ("done", "trained", "evaluation", BUILTIN_MODEL):
            shutil.rmtree(out / name, ignore_errors=True)
        (out / "state.pt").unlink(missing_ok=True)
    run_steps(steps(arguments), out / "done")
    log.info("%s is ready to be copied to static/models", out / BUILTIN_MODEL)


def steps(arguments: argparse.Namespace) -> list[Step]:
    """Return the steps in their order."""
    out: Path = arguments.out
    trained, model = out / "trained", out / BUILTIN_MODEL
    built = model / "resolve" / (arguments.revision or BUILTIN_REVISION)
    smoke = arguments.preset == "smoke"
    state = out / "state.pt"
    made = ["--preset", arguments.preset, "--seed", str(arguments.seed)]
    made += ["--out", trained, "--state", state]
    processes = _given("--processes", arguments.processes)
    minutes = _given("--minutes", arguments.minutes)
    judged = ["--count", "4", "--no-fail"] if smoke else []
    return [
        # Training must not go on from what learned another text.
        Step("text", ["text", *made], processes, outdated=[state, trained / "loss.csv"]),
        Step("train", ["train", *made], [*processes, *minutes]),
        Step("build", ["build", trained, "--name", BUILTIN_MODEL, "--out", built]),
        Step("checksums", ["checksums", model]),
        Step("verify", ["verify", trained, built]),
        Step("evaluate", ["evaluate", built, "--out", out / "evaluation", *judged]),
    ]


def run_steps(planned: Sequence[Step], done: Path) -> None:
    """Run the steps that `done` does not have, and all that come after one that runs.

    `done` lies in OUT; paths in OUT are the same step wherever OUT lies.

    Raises RecipeError where a step fails, with how to go on.
    """
    done.mkdir(parents=True, exist_ok=True)
    for place, step in enumerate(planned):
        if _is_done(step, done):
            log.info("%s: done before", step.name)
            continue
        for file in (*step.outdated, *(done / later.name for later in planned[place:])):
            file.unlink(missing_ok=True)
        seconds = _run(step, done.parent)
        lines = (_what(step, done.parent), " ".join([f"{seconds:.0f} s", *step.effort]))
        (done / step.name).write_text("\n".join(lines) + "\n", "utf-8")
        log.info("%s: done in %.0f s", step.name, seconds)


def _given(option: str, value: object) -> list[str]:
    return [] if value is None else [option, str(value)]


def _is_done(step: Step, done: Path) -> bool:
    file = done / step.name
    if not file.is_file():
        return False
    before = file.read_text("utf-8").partition("\n")[0]
    if before == _what(step, done.parent):
        return True
    log.info("%s: what was done before was another command: %s", step.name, before)
    return False


def _what(step: Step, out: Path) -> str:
    """Return what the step does in one line, the same under whatever path OUT lies."""
    return shlex.join(
        f"OUT/{part.relative_to(out).as_posix()}"
        if isinstance(part, Path) and part.is_relative_to(out)
        else str(part)
        for part in step.command
    )


def _run(step: Step, out: Path) -> float:
    """Run the step and return how many seconds it took.

    Raises RecipeError where it fails, with how to go on.
    """
    command = ["-m", "model", *map(str, step.command), *step.effort]
    log.info("%s: %s", step.name, shlex.join(["python", *command]))
    started = time.monotonic()
    if subprocess.run([sys.executable, *command], check=False).returncode:
        raise RecipeError(
            f"the step {step.name!r} failed, the reason stands above. The same command goes on"
            f" from there, also elsewhere: copy {out} to a machine that has what is missing."
        )
    return time.monotonic() - started
