"""Skip the tests of the recipe if its packages are not installed, with a note in the header."""

from __future__ import annotations

from importlib.util import find_spec

# Test files by the package that they need to be imported.
_NEEDED = {
    "torch": ["test_train*.py", "test_evaluate_pytorch.py"],
    "tvm": ["test_compile*.py", "test_kernels*.py"],
}
_MISSING = [package for package in _NEEDED if find_spec(package) is None]

collect_ignore_glob = [pattern for package in _MISSING for pattern in _NEEDED[package]]


def pytest_report_header() -> str:
    if not _MISSING:
        return "recipe tests: all"
    skipped = ", ".join(collect_ignore_glob)
    return (
        f"recipe tests: {skipped} skipped, because {' and '.join(_MISSING)} is not installed;"
        " tests/recipe runs them"
    )
