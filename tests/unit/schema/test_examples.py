"""The example on top of each module of the package says what the module does."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest
from pywebllm import schema

MODULES = sorted(
    ["pywebllm.schema"]
    + [found.name for found in pkgutil.walk_packages(schema.__path__, "pywebllm.schema.")]
)


@pytest.mark.parametrize("name", MODULES)
def test_example_of_each_module_is_there_and_right(name: str) -> None:
    module = importlib.import_module(name)
    # Only the module's own docstring: its functions need no example, and cannot make up for it.
    example = doctest.DocTestParser().get_doctest(
        module.__doc__ or "", dict(vars(module)), name, module.__file__, 0
    )
    assert example.examples, f"{name} has no example"
    report: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    runner.run(example, out=report.append)
    assert runner.failures == 0, "".join(report)
