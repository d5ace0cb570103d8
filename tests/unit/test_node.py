"""Pyodide in Node.js: it has the module `js`, but no browser."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.timeout(120)

ROOT = Path(__file__).parents[2]

SCRIPT = """
import { loadPyodide } from "pyodide";

const [folder, code] = process.argv.slice(1);
const pyodide = await loadPyodide();
pyodide.mountNodeFS("/library", folder);
process.stdout.write(await pyodide.runPythonAsync(code));
"""

CODE = """
import json, sys, types
sys.path.insert(0, "/library")

import pywebllm

async def asynchronous(**options):
    await pywebllm.AsyncWebLLM(**options).load()

async def synchronous():
    pywebllm.WebLLM().load()

async def service():
    service = pywebllm.WebLLMService()
    await service.initialize("mine")
    raise service.last_error

record = pywebllm.ModelRecord(model_id="mine", model="./mine/", model_lib="./mine.wasm")

async def outcome(work):
    try:
        await work
    except Exception as error:
        return [type(error).__name__, str(error)]
    return ["no error", ""]

json.dumps([await outcome(work) for work in (
    asynchronous(),
    asynchronous(assets_url="./site/"),
    asynchronous(model=record),
    synchronous(),
    service(),
    pywebllm.check_support(),
    pywebllm.open_bridge(thread="main"),
)])
"""


def in_node(code: str) -> Any:
    """Run Python code in the pinned Pyodide, in Node.js, and return its JSON."""
    node = shutil.which("node")
    assert node is not None, "Node.js is missing: the tests need it, see package.json"
    command = [node, "--input-type=module", "-e", SCRIPT, str(ROOT / "app"), code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=110)  # noqa: PLW1510 - its errors are shown
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_every_entrance_raises_support_error_in_node() -> None:
    outcomes = in_node(CODE)
    assert {name for name, _ in outcomes} == {"SupportError"}, outcomes
    assert all("outside of" in message and "web page" in message for _, message in outcomes)
