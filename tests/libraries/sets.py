"""Which programs run where, and the requirements of their pages."""

from __future__ import annotations

from pathlib import Path

from tests.libraries.programs import PROGRAMS

__all__ = ["IN_PAGE", "PURE", "REQUIREMENTS", "ROOT", "pins"]

ROOT = Path(__file__).parents[2]

# `langgraph` needs `ormsgpack`, which is missing in a page: see test_on_cpython.py.
_NOT_IN_PAGE = {"langgraph"}
# These import what the older SDK does not have.
_NEWER = {"chatlas", "openai_agents", "pydantic_ai"}
_NEWEST = ("pyodide-requirements.txt", "pyodide-libraries-requirements.txt")

# By the SDK: the newest, or that of Pyodide's lock file.
REQUIREMENTS = {"newest": _NEWEST, "lock file": (*_NEWEST, "pyodide-openai2-requirements.txt")}
IN_PAGE = {
    "newest": [name for name in PROGRAMS if name not in _NOT_IN_PAGE],
    "lock file": [name for name in PROGRAMS if name not in _NOT_IN_PAGE | _NEWER],
}
PURE = "pyodide-pure-requirements.txt"


def pins(requirements: str) -> dict[str, str]:
    """Return the versions in a requirements file of `tests/`, by the names of the packages."""
    lines = (ROOT / "tests" / requirements).read_text("utf-8").splitlines()
    named = (line.split("==") for line in lines if line and not line.startswith("#"))
    return {name.lower().replace("_", "-"): version for name, version in named}
