"""The parameters of a BERT: their names in the library and in the checkpoint, and their values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from model.compile.bert.shape import BertShape
from model.compile.errors import CheckpointError
from model.compile.grid import GROUP
from model.compile.parameters import Parameter
from model.compile.quantize import Packed, concatenate, dequantize, pack, per_word
from model.compile.weights import read_weights

__all__ = ["BertWeights", "parameters"]

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    name: str
    weights: tuple[str, ...]
    shape: tuple[int, ...]
    is_matrix: bool = False


class BertWeights:
    """The weights of a folder by their names in `transformers`."""

    def __init__(self, folder: Path, shape: BertShape) -> None:
        """Read and check the weights.

        Raises:
            CheckpointError: A weight is missing or has the wrong shape.
        """
        self._shape = shape
        self.given: dict[str, Floats] = {}
        for name, value in read_weights(folder):
            self.given[name.removeprefix("bert.")] = value
        for source in _sources(shape):
            rows = sum(len(self._weight(name)) for name in source.weights)
            rest = self._weight(source.weights[0]).shape[1:]
            if (rows, *rest) != source.shape and source.name != "type":
                raise CheckpointError(
                    f"{source.weights[0]} must have the shape {source.shape} by config.json. Use "
                    "the config.json that belongs to the weights."
                )

    def fill(self) -> dict[str, npt.NDArray[Any]]:
        """Return the value of every parameter; matrices are quantized."""
        filled: dict[str, npt.NDArray[Any]] = {}
        for source in _sources(self._shape):
            if source.is_matrix:
                packed = concatenate([self._packed(name) for name in source.weights])
                filled[f"{source.name}.words"] = packed.words
                filled[f"{source.name}.scales"] = packed.scales
            else:
                values = np.concatenate([self._weight(name) for name in source.weights])
                filled[source.name] = values[0] if source.name == "type" else values
        return filled

    def dequantized(self) -> dict[str, Floats]:
        """Return the weights as the library computes with them."""
        matrices = {
            name for source in _sources(self._shape) if source.is_matrix for name in source.weights
        }
        return {
            name: dequantize(self._packed(name)) if name in matrices else weight
            for name, weight in self.given.items()
        }

    def _packed(self, name: str) -> Packed:
        return pack(self._weight(name), self._shape.bits)

    def _weight(self, name: str) -> Floats:
        if name not in self.given:
            raise CheckpointError(
                f"The weight {name} is missing. Copy all files of the checkpoint."
            )
        return self.given[name]


def parameters(shape: BertShape) -> list[Parameter]:
    """Return all parameters in the order of the library's arguments."""
    found: list[Parameter] = []
    for source in _sources(shape):
        if not source.is_matrix:
            size = source.shape if source.name != "type" else source.shape[1:]
            found.append(Parameter(name=source.name, shape=size, dtype="float32"))
            continue
        outputs, inputs = source.shape
        for name, rows in (("words", inputs // per_word(shape.bits)), ("scales", inputs // GROUP)):
            found.append(
                Parameter(name=f"{source.name}.{name}", shape=(rows, outputs), dtype="uint32")
            )
    return found


def _sources(shape: BertShape) -> Iterator[_Source]:
    hidden, width = shape.hidden, shape.feed_forward
    table = "embeddings.{}_embeddings.weight"
    yield _Source(
        name="embedding",
        weights=(table.format("word"),),
        shape=(shape.vocabulary, hidden),
        is_matrix=True,
    )
    yield _Source(
        name="positions", weights=(table.format("position"),), shape=(shape.positions, hidden)
    )
    yield _Source(name="type", weights=(table.format("token_type"),), shape=(2, hidden))
    yield from _norm("norm", "embeddings.LayerNorm", hidden)
    for layer in range(shape.layers):
        ours, theirs = f"layers.{layer}", f"encoder.layer.{layer}"
        qkv = [f"{theirs}.attention.self.{part}" for part in ("query", "key", "value")]
        yield from _dense(f"{ours}.qkv", qkv, 3 * hidden, hidden)
        yield from _dense(f"{ours}.out", [f"{theirs}.attention.output.dense"], hidden, hidden)
        yield from _norm(f"{ours}.norm", f"{theirs}.attention.output.LayerNorm", hidden)
        yield from _dense(f"{ours}.up", [f"{theirs}.intermediate.dense"], width, hidden)
        yield from _dense(f"{ours}.down", [f"{theirs}.output.dense"], hidden, width)
        yield from _norm(f"{ours}.last", f"{theirs}.output.LayerNorm", hidden)


def _dense(name: str, theirs: list[str], outputs: int, inputs: int) -> Iterator[_Source]:
    weights = tuple(f"{each}.weight" for each in theirs)
    yield _Source(name=name, weights=weights, shape=(outputs, inputs), is_matrix=True)
    biases = tuple(f"{each}.bias" for each in theirs)
    yield _Source(name=f"{name}.bias", weights=biases, shape=(outputs,))


def _norm(name: str, theirs: str, hidden: int) -> Iterator[_Source]:
    for part in ("weight", "bias"):
        yield _Source(name=f"{name}.{part}", weights=(f"{theirs}.{part}",), shape=(hidden,))
