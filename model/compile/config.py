"""Numbers of `config.json` and its like: what is missing, null or no number is told by its name."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from model.compile.errors import CheckpointError

__all__ = ["number", "positive", "whole"]


def number(
    config: Mapping[str, Any],
    name: str,
    *,
    default: float | None = None,
    file: str = "config.json",
) -> float:
    """Return a number of `file`, `default` where it is missing or null.

    Raises:
        CheckpointError: It is missing and there is no default, or it is no finite number.
    """
    found = default if config.get(name) is None else config[name]
    if found is None:
        raise CheckpointError(f"{file} has no {name}. Save the model with save_pretrained().")
    is_number = isinstance(found, int | float) and not isinstance(found, bool)
    if not is_number or not math.isfinite(found):
        raise _wrong(name, found, "a number", file)
    return found


def positive(config: Mapping[str, Any], name: str) -> float:
    """Return a number of `config.json` that must be there and above zero.

    Raises:
        CheckpointError: It is not.
    """
    found = number(config, name)
    if found <= 0:
        raise _wrong(name, found, "above zero", "config.json")
    return float(found)


def whole(config: Mapping[str, Any], name: str, *, default: int | None = None) -> int:
    """Return a whole number of `config.json`, `default` where it is missing or null.

    Raises:
        CheckpointError: It is missing and there is no default, or it is no whole number.
    """
    found = number(config, name, default=default)
    if found != int(found):
        raise _wrong(name, found, "a whole number", "config.json")
    return int(found)


def _wrong(name: str, found: Any, wanted: str, file: str) -> CheckpointError:
    return CheckpointError(
        f"{file} has {name}: {found!r}, which is not {wanted}. Correct it, or save the model again "
        "with save_pretrained()."
    )
