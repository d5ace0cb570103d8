"""The state file that training resumes from: a snapshot of the trainer and its shape."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from model.tools import RecipeError
from model.train.shape import Shape

__all__ = ["read", "write"]


def write(snapshot: dict[str, Any], shape: Shape, file: Path) -> None:
    """Write the file; an interruption leaves the earlier file in place."""
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".part")
    torch.save({**snapshot, "shape": asdict(shape)}, partial)
    partial.replace(file)


def read(file: Path, shape: Shape, *, device: torch.device | None = None) -> dict[str, Any]:
    """Return the snapshot in the file, with its tensors on `device` (default: the CPU).

    Raises:
        RecipeError: The snapshot belongs to another shape.
    """
    where = device or torch.device("cpu")
    state: dict[str, Any] = torch.load(file, map_location=where, weights_only=True)
    if state.pop("shape", None) != asdict(shape):
        raise RecipeError(
            f"{file} must be the state of a network of the same shape, got another shape. Start "
            "again with --fresh, or keep the file and pass another --state."
        )
    return state
