"""The network that training starts from: with random weights, or with those of another model."""

from __future__ import annotations

from pathlib import Path

import torch

from model.compile.architecture import Architecture
from model.compile.parameters import unpacked
from model.compile.tensor_cache import TENSOR_CACHE, read_tensors
from model.tools import RecipeError
from model.train import folder as trained
from model.train.network import Llama
from model.train.shape import Shape

__all__ = ["starting_network"]


def starting_network(shape: Shape, weights: Path | None) -> Llama:
    """Return a network of this shape; `weights` is a folder that `train` or `build` wrote.

    Raises:
        RecipeError: The folder is incomplete, or its weights have another shape.
    """
    if weights is None:
        return Llama(shape)
    network = (
        _built(shape, weights) if (weights / TENSOR_CACHE).is_file() else trained.load(weights)
    )
    if network.shape != shape:
        raise RecipeError(
            f"the weights in {weights} must have the shape to train, got another shape. Pass "
            "--shape with the name of their shape, or another folder."
        )
    return network


def _built(shape: Shape, folder: Path) -> Llama:
    network = Llama(shape)
    architecture = Architecture.from_config(shape.config)
    rows = {name: len(weight) for name, weight in network.named_parameters()}
    try:
        weights = unpacked(read_tensors(folder), architecture, rows=rows)
        network.load_state_dict({name: torch.from_numpy(one) for name, one in weights.items()})
    except (OSError, KeyError, ValueError, RuntimeError) as error:
        raise RecipeError(
            f"the weights in {folder} cannot be read as those of the shape to train: {error}. Pass "
            "a complete folder that `python -m model build` wrote, and --shape with the name of "
            "its shape."
        ) from error
    return network
