"""`import pywebllm` loads what a first chat needs; other modules are loaded when they are used."""

from __future__ import annotations

import ast
import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
import pywebllm

APP = Path(pywebllm.__file__).parents[1]

LAZY_PACKAGES = [
    "pywebllm",
    "pywebllm.completions",
    "pywebllm.model_files",
    "pywebllm.openai",
    "pywebllm.schema",
    "pywebllm.typed",
    "pywebllm.types",
]


def loaded_by(code: str) -> set[str]:
    """Return the modules of a new Python that runs `code`."""
    program = f"{code}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(APP)},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(done.stdout))


@pytest.fixture(scope="module")
def loaded_by_client() -> set[str]:
    bare = loaded_by("import asyncio, dataclasses, inspect, logging, pathlib, typing")
    return loaded_by("import pywebllm; pywebllm.AsyncWebLLM()") - bare


@pytest.mark.parametrize(
    "module",
    [
        "pywebllm.backend",
        "pywebllm.completions.call",
        "pywebllm.model_files.operations",
        "pywebllm.openai",
        "pywebllm.persona",
        "pywebllm.schema.grammars",
        "pywebllm.schema.python",
        "pywebllm.sync",
        "pywebllm.typed.toolbox",
        "pywebllm.types.files",
        "decimal",
        "difflib",
        "importlib.resources",
        "uuid",
    ],
)
def test_client_is_made_without_modules_that_a_first_chat_does_not_need(
    module: str, loaded_by_client: set[str]
) -> None:
    assert "pywebllm.client" in loaded_by_client
    assert module not in loaded_by_client


def test_lazy_name_is_an_ordinary_attribute_after_its_first_use() -> None:
    code = """
import pywebllm
assert "WebLLM" not in vars(pywebllm)
assert pywebllm.WebLLM is vars(pywebllm)["WebLLM"]
"""
    assert "pywebllm.sync.client" in loaded_by(code)


def test_importing_a_submodule_first_does_not_hide_a_function() -> None:
    code = "import pywebllm.backend, pywebllm; assert callable(pywebllm.connect)"
    assert "pywebllm.backend" in loaded_by(code)


@pytest.mark.parametrize("package", LAZY_PACKAGES)
def test_unknown_name_is_an_attribute_error(package: str) -> None:
    module = importlib.import_module(package)
    with pytest.raises(AttributeError, match=f"module '{package}' has no attribute 'nothing'"):
        _ = module.nothing


@pytest.mark.parametrize("package", LAZY_PACKAGES)
def test_lazy_names_are_those_that_type_checkers_see(package: str) -> None:
    tree = ast.parse(Path(str(importlib.import_module(package).__file__)).read_text("utf-8"))
    (for_types,) = (
        node
        for node in tree.body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    )
    seen = {
        alias.name: "." * node.level + str(node.module)
        for node in for_types.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    (call,) = (
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "lazy_attributes"
    )
    assert ast.literal_eval(call.args[1]) == seen
