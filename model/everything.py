"""`python -m model all`: every step of the recipe, from text to evaluation, unless it is done.

Each step is a command of `python -m model`, run in a process of its own. Where it succeeds it
leaves a file in OUT/done, so OUT can be carried on: trained where there is a GPU, built where emcc
is, judged where a browser is.
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
    """One command of `python -m model`."""

    name: str
    command: Sequence[str | Path]


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
    made = ["--preset", arguments.preset, "--seed", str(arguments.seed)]
    made += ["--out", trained, "--state", out / "state.pt"]
    if arguments.processes:
        made += ["--processes", str(arguments.processes)]
    time_given = [] if arguments.minutes is None else ["--minutes", str(arguments.minutes)]
    judged = ["--count", "4", "--no-fail"] if smoke else []
    return [
        Step("text", ["text", *made]),
        Step("train", ["train", *made, *time_given]),
        Step("build", ["build", trained, "--name", BUILTIN_MODEL, "--out", built]),
        Step("checksums", ["checksums", model]),
        Step("verify", ["verify", trained, built]),
        Step("evaluate", ["evaluate", built, "--out", out / "evaluation", *judged]),
    ]


def run_steps(planned: Sequence[Step], done: Path) -> None:
    """Run the steps that have left no file in `done`, and all that come after one that runs.

    Raises RecipeError where a step fails, with how to go on.
    """
    done.mkdir(parents=True, exist_ok=True)
    for place, step in enumerate(planned):
        if (done / step.name).is_file():
            log.info("%s: done before", step.name)
            continue
        for later in planned[place:]:
            (done / later.name).unlink(missing_ok=True)
        command = [sys.executable, "-m", "model", *map(str, step.command)]
        log.info("%s: %s", step.name, shlex.join(["python", *command[1:]]))
        started = time.monotonic()
        if subprocess.run(command, check=False).returncode:
            raise RecipeError(
                f"the step {step.name!r} failed, the reason stands above. The same command goes on"
                f" from there, also elsewhere: copy {done.parent} to a machine that has what is"
                " missing."
            )
        seconds = time.monotonic() - started
        (done / step.name).write_text(f"{shlex.join(command[1:])}\n{seconds:.0f} s\n", "utf-8")
        log.info("%s: done in %.0f s", step.name, seconds)
