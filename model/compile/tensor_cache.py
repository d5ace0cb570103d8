"""Reading `tensor-cache.json`: the tensors of a built model and where in its files they are."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

__all__ = ["TENSOR_CACHE", "read_tensors"]

TENSOR_CACHE: Final = "tensor-cache.json"


def read_tensors(folder: Path) -> dict[str, npt.NDArray[Any]]:
    """Return the tensors of a built model by name, in the order of the file; they are read-only."""
    tensors: dict[str, npt.NDArray[Any]] = {}
    for shard in json.loads((folder / TENSOR_CACHE).read_text("utf-8"))["records"]:
        content = (folder / shard["dataPath"]).read_bytes()
        for one in shard["records"]:
            count = math.prod(one["shape"])
            numbers = np.frombuffer(content, one["dtype"], count, one["byteOffset"])
            tensors[one["name"]] = numbers.reshape(one["shape"])
    return tensors
