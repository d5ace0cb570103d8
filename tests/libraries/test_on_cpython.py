"""What cannot run in the page, on CPython with a scripted engine behind the page's client.

LangGraph needs a package that is missing in the page; the pydantic of Pyodide's lock file is not on
PyPI for Pyodide; LangChain's standard tests need pytest and plugins of it.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

from tests.libraries.environment import interpreter, overlay
from tests.libraries.sets import ROOT

PROGRAMS = ["openai", "langchain_openai", "langgraph"]

# What LangChain's standard tests leave out by themselves.
NOT_OURS = r"PDF|audio|image|Anthropic|json mode|VCR"


def run_python(*arguments: str, folders: Iterable[Path] = ()) -> subprocess.CompletedProcess[str]:
    """Run the Python of the libraries, with the project on its path."""
    path = os.pathsep.join(map(str, (*folders, ROOT / "app", ROOT)))
    environment = {**os.environ, "PYTHONPATH": path}
    environment.pop("PYTEST_ADDOPTS", None)
    command = [str(interpreter()), "-W", "ignore", "-m", *arguments]
    return subprocess.run(
        command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )


def outcomes(names: Iterable[str], *folders: Path) -> dict[str, str]:
    """Run programs; return the error of each, empty if there was none."""
    run = run_python("tests.libraries.run", *names, folders=folders)
    assert run.returncode == 0, run.stderr
    lines = [line for line in run.stdout.splitlines() if line.startswith('{"name"')]
    return {found["name"]: found["error"] for found in map(json.loads, lines)}


def test_langgraph_runs_on_the_newest_sdk() -> None:
    assert outcomes(["langgraph"]) == {"langgraph": ""}


def test_libraries_run_on_all_that_is_in_the_lock_file() -> None:
    assert outcomes(PROGRAMS, overlay()) == dict.fromkeys(PROGRAMS, "")


def test_chat_model_of_langchain_passes_its_standard_tests() -> None:
    # Neither our settings of pytest nor our fixtures, which need what is not installed there.
    options = ["-c", os.devnull, "--rootdir", str(ROOT), "--noconftest", "-p", "no:cacheprovider"]
    options += ["-o", "asyncio_mode=auto", "--import-mode=importlib", "-q", "-rs"]
    run = run_python("pytest", *options, "tests/libraries/standard_chat_model.py")
    assert run.returncode == 0, run.stdout
    # Those that a text model, and a model that only the grammar understands, cannot be asked.
    reasons = re.findall(r"^SKIPPED \[1\] .*?: (.*)$", run.stdout, re.MULTILINE)
    assert {reason for reason in reasons if not re.search(NOT_OURS, reason)} == set()
    assert re.search(r"42 passed, 8 skipped", run.stdout)
