"""Checks that the packages a step needs are there, before it starts, and says what to do."""

from __future__ import annotations

import re
from importlib import metadata

__all__ = ["RecipeError", "require"]

# The oldest versions a step is known to work with; requirements.txt has those it was made with.
_OLDEST = {
    "torch": (2, 6),
    "tokenizers": (0, 20),
    "transformers": (4, 45),
    "safetensors": (0, 4),
    "numpy": (1, 26),
}


class RecipeError(Exception):
    """The recipe cannot go on: a tool, a version or an input is not what it must be."""


def require(*packages: str) -> None:
    """Check that `packages` are installed in versions that work.

    Raises RecipeError with the command that installs what is missing.
    """
    problems = [problem for package in packages if (problem := _problem(package))]
    if problems:
        raise RecipeError(
            f"{'; '.join(problems)}. Install what the recipe needs with:"
            " python -m pip install -r model/requirements.txt"
        )


def _problem(package: str) -> str | None:
    try:
        version = metadata.version(package)
    except metadata.PackageNotFoundError:
        return f"{package} is not installed"
    found = tuple(map(int, re.findall(r"\d+", version)[:2]))
    oldest = _OLDEST.get(package, ())
    if found >= oldest:
        return None
    return f"{package} {version} is too old, {'.'.join(map(str, oldest))} is needed"
