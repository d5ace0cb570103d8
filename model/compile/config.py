"""Reading numbers of `config.json` and similar files, with errors that name the key."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from model.compile.errors import CheckpointError

__all__ = ["integer", "number", "positive"]


def number(
    config: Mapping[str, Any],
    name: str,
    *,
    default: float | None = None,
    file: str = "config.json",
) -> float:
    """Return a number of `file`, or `default` if it is missing or null.

    Raises:
        CheckpointError: It is missing without a default, or it is not a finite number.
    """
    found = default if config.get(name) is None else config[name]
    if found is None:
        raise CheckpointError(f"{file} has no {name}. Save the model again with save_pretrained().")
    is_number = isinstance(found, int | float) and not isinstance(found, bool)
    if not is_number or not math.isfinite(found):
        raise _invalid(name, found, "a number", file)
    return found


def positive(config: Mapping[str, Any], name: str) -> float:
    """Return a required number of `config.json` that must be positive.

    Raises:
        CheckpointError: It is missing or not positive.
    """
    found = number(config, name)
    if found <= 0:
        raise _invalid(name, found, "positive", "config.json")
    return float(found)


def integer(config: Mapping[str, Any], name: str, *, default: int | None = None) -> int:
    """Return an integer of `config.json`, or `default` if it is missing or null.

    Raises:
        CheckpointError: It is missing without a default, or it is not an integer.
    """
    found = number(config, name, default=default)
    if found != int(found):
        raise _invalid(name, found, "an integer", "config.json")
    return int(found)


def _invalid(name: str, found: Any, expected: str, file: str) -> CheckpointError:
    return CheckpointError(
        f"{name} in {file} must be {expected}, got {found!r}. Correct it, or save the model again "
        "with save_pretrained()."
    )
