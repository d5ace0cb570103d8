"""Finding and reading the weights in a folder in Hugging Face format."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open

from model.compile.errors import CheckpointError
from model.compile.tokenizer import read_json

__all__ = ["read_weights", "weight_files"]

_SINGLE: Final = "model.safetensors"
_INDEX: Final = "model.safetensors.index.json"


def weight_files(folder: Path) -> list[Path]:
    """Return the files with the weights: the single file, else the shards that the index names.

    Other shards, which an earlier save may have left, are ignored as in `transformers`.

    Raises:
        CheckpointError: A file is missing, or the index is missing or damaged.
    """
    if (folder / _SINGLE).is_file():
        return [folder / _SINGLE]
    if not (folder / _INDEX).is_file():
        raise CheckpointError(_no_weights(folder))
    names = _indexed(folder / _INDEX)
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        raise CheckpointError(
            f"{folder} is incomplete: {_INDEX} names {', '.join(missing)}. Copy the missing files "
            "into the folder, or save the model again."
        )
    return [folder / name for name in names]


def read_weights(folder: Path) -> Iterator[tuple[str, npt.NDArray[np.float32]]]:
    """Yield the names and values of all weights, in float32.

    Raises:
        CheckpointError: A file is missing or damaged.
    """
    for file in weight_files(folder):
        try:
            # Read with torch, because numpy has no bfloat16.
            with safe_open(file, framework="pt") as tensors:
                for name in tensors.keys():  # noqa: SIM118 (not a mapping)
                    yield name, tensors.get_tensor(name).float().numpy()
        except SafetensorError as error:
            raise CheckpointError(
                f"{file} cannot be read: {error}. Copy or save it again."
            ) from error


def _indexed(index: Path) -> list[str]:
    places: Any = read_json(index).get("weight_map")
    names = list(places.values()) if isinstance(places, dict) else []
    if not names or not all(isinstance(name, str) for name in names):
        raise CheckpointError(f"{index} must have a weight_map. Save the model again.")
    return sorted(set(names))


def _no_weights(folder: Path) -> str:
    if pickled := _first(folder, "*.bin"):
        return (
            f"{folder} has its weights in {pickled}, which may execute code when it is opened. "
            "If you trust it, save it as safetensors: AutoModelForCausalLM.from_pretrained("
            f"{str(folder)!r}).save_pretrained({str(folder)!r}) in transformers."
        )
    if shard := _first(folder, "*.safetensors"):
        return (
            f"{folder} has {shard}, but neither {_SINGLE} nor {_INDEX}, which lists the shards. "
            "Copy that file as well, or save the model again with save_pretrained()."
        )
    return f"{folder} has no {_SINGLE}. Copy the weights into the folder."


def _first(folder: Path, pattern: str) -> str | None:
    return min((path.name for path in folder.glob(pattern)), default=None)
