"""`import pywebllm` in a browser: with bytecode, and without what a first chat does not need."""

from __future__ import annotations

from model.browser.python import PagePython


def test_wheel_brings_bytecode_that_this_python_loads(python: PagePython) -> None:
    async def header() -> list[int]:
        from pathlib import Path

        from pywebllm import errors

        assert errors.__spec__ is not None
        return list(Path(str(errors.__spec__.cached)).read_bytes()[4:8])  # noqa: ASYNC240, in memory

    # PEP 552: a hash that is not checked. Python itself would have written a time.
    assert python.run(header) == [1, 0, 0, 0]


def test_import_does_not_load_grammars_before_they_are_used(installed_python: PagePython) -> None:
    async def loaded() -> list[bool]:
        import sys

        from pywebllm import AsyncWebLLM, schema

        AsyncWebLLM()
        before = "pywebllm.schema.grammars" in sys.modules
        assert schema.json_object_grammar()
        return [before, "pywebllm.schema.grammars" in sys.modules]

    assert installed_python.run(loaded) == [False, True]
