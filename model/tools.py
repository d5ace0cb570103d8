"""The errors of the recipe, and a check that the packages a step needs are installed."""

from __future__ import annotations

import re
from importlib import metadata

__all__ = ["RecipeError", "ToolError", "require"]

# The oldest versions known to work; requirements.txt pins those that the model was made with.
_OLDEST = {
    "torch": (2, 6),
    "tokenizers": (0, 20),
    "transformers": (4, 45),
    "safetensors": (0, 4),
    "numpy": (1, 26),
}


class RecipeError(Exception):
    """The recipe cannot continue: a tool, a version or an input does not meet its requirements."""


class ToolError(RecipeError, RuntimeError):
    """A program or package is missing, has the wrong version, or failed."""


def require(*packages: str) -> None:
    """Check that `packages` are installed in versions that work.

    Raises:
        RecipeError: A package is missing or too old; the message has the command to install it.
    """
    problems = [problem for package in packages if (problem := _problem(package))]
    if problems:
        raise RecipeError(
            f"{'; '.join(problems)}. Install the requirements with:"
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
    return f"{package} must be {'.'.join(map(str, oldest))} or newer, got {version}"
