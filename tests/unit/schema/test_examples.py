"""The example on top of each module of the package says what the module does."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from types import ModuleType

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
        module.__doc__ or "", _names(module), name, module.__file__, 0
    )
    assert example.examples, f"{name} has no example"
    report: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    runner.run(example, out=report.append)
    assert runner.failures == 0, "".join(report)


def _names(module: ModuleType) -> dict[str, object]:
    """Return what a module has, with the names that are only loaded when they are used."""
    public = {name: getattr(module, name) for name in getattr(module, "__all__", ())}
    return {**vars(module), **public}
