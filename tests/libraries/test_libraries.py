"""Libraries built on the official SDK, unchanged, with a scripted engine behind the page's client.

They run twice: with the newest `openai`, on httpx2, and with what micropip takes from the lock file
of Pyodide, on httpx. `tests/browser/test_sdk_libraries.py` runs two of them in a page.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.libraries.environment import interpreter, overlay
from tests.libraries.programs import PROGRAMS
from tests.pages import PAGES

ROOT = Path(__file__).parents[2]
# These import what that version of the SDK does not have.
NEWER = {"chatlas", "openai_agents", "pydantic_ai"}
WITH_LOCK = [name for name in PROGRAMS if name not in NEWER]

# What LangChain's standard tests leave out by themselves.
NOT_OURS = r"PDF|audio|image|Anthropic|json mode|VCR"

pytestmark = pytest.mark.timeout(900)  # the first test installs the libraries


def run_python(*arguments: str, folders: Iterable[Path] = ()) -> subprocess.CompletedProcess[str]:
    """Run the Python of the libraries, with the project on its path."""
    path = os.pathsep.join(map(str, (*folders, ROOT / "app", ROOT)))
    # The last is for agent_framework, which otherwise looks for a collector of traces.
    environment = {**os.environ, "PYTHONPATH": path, "OTEL_SDK_DISABLED": "true"}
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


@pytest.fixture(scope="module")
def newest() -> dict[str, str]:
    return outcomes(PROGRAMS)


@pytest.fixture(scope="module")
def of_lock() -> dict[str, str]:
    return outcomes(WITH_LOCK, overlay())


@pytest.mark.parametrize("name", PROGRAMS)
def test_library_runs_on_the_newest_sdk(newest: dict[str, str], name: str) -> None:
    assert newest[name] == ""


@pytest.mark.parametrize("name", WITH_LOCK)
def test_library_runs_on_the_sdk_of_the_lock_file(of_lock: dict[str, str], name: str) -> None:
    assert of_lock[name] == ""


def test_documented_versions_are_those_that_are_tested() -> None:
    table = PAGES["libraries.md"].partition("## What runs")[2].partition("\n## ")[0]
    rows = dict(re.findall(r"^\| `([\w-]+)` \| ([\d.]+) \|", table, re.MULTILINE))
    pinned = dict(
        line.split("==")
        for line in (Path(__file__).parent / "requirements.txt").read_text("utf-8").splitlines()
        if not line.startswith("#")
    )
    assert rows
    assert rows == {name: pinned[name] for name in rows}
    assert len(rows) >= len(PROGRAMS)


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
