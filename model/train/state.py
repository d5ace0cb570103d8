"""The file that training goes on from: a snapshot of the trainer, and the shape it is of."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from model.tools import RecipeError
from model.train.shape import Shape

__all__ = ["read", "write"]


def write(snapshot: dict[str, Any], shape: Shape, file: Path) -> None:
    """Write the file; a crash half-way leaves the one that was there before."""
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".part")
    torch.save({**snapshot, "shape": asdict(shape)}, partial)
    partial.replace(file)


def read(file: Path, shape: Shape, *, device: torch.device | None = None) -> dict[str, Any]:
    """Return the snapshot in the file, its tensors on `device` (default: the CPU).

    Raises RecipeError when it is of another shape than `shape`.
    """
    where = device or torch.device("cpu")
    state: dict[str, Any] = torch.load(file, map_location=where, weights_only=True)
    if state.pop("shape", None) != asdict(shape):
        raise RecipeError(
            f"{file} is the state of a network of another shape, training cannot go on from it:"
            " --fresh starts anew, another --state keeps it"
        )
    return state
