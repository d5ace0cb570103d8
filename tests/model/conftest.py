"""Leaves out the recipe's tests where its packages are not installed, and says so in the header."""

from __future__ import annotations

from importlib.util import find_spec

# Files by the package that they cannot even be imported without.
_NEEDED = {"torch": ["test_train*.py"], "tvm": ["test_compile*.py", "test_kernels*.py"]}
_MISSING = [package for package in _NEEDED if find_spec(package) is None]

collect_ignore_glob = [pattern for package in _MISSING for pattern in _NEEDED[package]]


def pytest_report_header() -> str:
    if not _MISSING:
        return "recipe tests: all"
    left_out = ", ".join(collect_ignore_glob)
    return (
        f"recipe tests: left out {left_out}, because {' and '.join(_MISSING)} is missing;"
        " tests/recipe runs them too"
    )
