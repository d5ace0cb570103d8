"""Which packages a program needs that are not there: by its imports, or as it says itself.

A program says it with inline script metadata
(https://packaging.python.org/en/latest/specifications/inline-script-metadata/):

    # /// script
    # dependencies = ["pygal"]
    # ///
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Mapping
from importlib import metadata
from importlib.util import find_spec

__all__ = ["declared", "imported", "needed"]

_BLOCK = re.compile(r"(?m)^# /// script$\s(?P<content>(^#(| .*)$\s)+)^# ///$")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def needed(code: str, known: Mapping[str, str]) -> list[str]:
    """Return the packages to install before a program can run; none if all its imports are there.

    Args:
        code: The program. One that is not valid Python needs nothing.
        known: The package of each module that Pyodide's own packages have.
    """
    missing = [name for name in imported(code) if not _is_there(name)]
    wanted = declared(code)
    if not wanted:
        return [known.get(name, name.replace("_", "-")) for name in missing]
    # What it declares may be imported by another package only.
    return wanted if missing or not all(map(_is_installed, wanted)) else []


def imported(code: str) -> list[str]:
    """Return the names of the top-level modules that a program imports, in its order."""
    try:
        tree = compile(code, "program.py", "exec", ast.PyCF_ONLY_AST | _AWAIT, dont_inherit=True)
    except (SyntaxError, ValueError):
        return []
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.append(node.module or "")
    return list(dict.fromkeys(name.partition(".")[0] for name in names))


def declared(code: str) -> list[str]:
    """Return the dependencies of a program's own metadata; none if they cannot be read."""
    block = _BLOCK.search(code)
    if block is None:
        return []
    lines = block["content"].splitlines()
    try:
        found = tomllib.loads("\n".join(line[2:] for line in lines)).get("dependencies", [])
    except tomllib.TOMLDecodeError:
        return []
    if not isinstance(found, list):
        return []
    return [name for name in found if isinstance(name, str) and _NAME.match(name)]


_AWAIT = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT


def _is_installed(requirement: str) -> bool:
    found = _NAME.match(requirement)
    try:
        return found is not None and metadata.distribution(found[0]) is not None
    except metadata.PackageNotFoundError:
        return False


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):
        return False
