"""Saving and loading weights in Hugging Face format: safetensors, one file or shards."""

from __future__ import annotations

import json
from pathlib import Path

from safetensors.torch import load_file, save_file
from torch import Tensor

from model.compile.weights import weight_files
from model.tools import RecipeError
from model.train.generate import Sampling
from model.train.network import Llama
from model.train.quantize import quantized
from model.train.shape import Shape

__all__ = ["load", "save"]

_INDEX = "model.safetensors.index.json"
_SHARD_BYTES = 15 * 2**20
# The default of chats, whose answers about a person must be right. Persona requests set more.
_CHAT_TEMPERATURE = 0.4


def save(network: Llama, folder: Path) -> None:
    """Write config.json, generation_config.json and the weights in shards of at most 15 MiB.

    Weights are float32, and matrices have their 4-bit form, so that `model.compile` packs exactly
    what was trained: rounding them itself, it might choose other scales.
    An interruption leaves the earlier weights in place: files are replaced when complete.
    """
    folder.mkdir(parents=True, exist_ok=True)
    network.shape.save(folder)
    _save_sampling(folder)
    weights = {
        name: _saved(weight.detach()).cpu().contiguous()
        for name, weight in network.state_dict().items()
    }
    shards = _shards(weights)
    places: dict[str, str] = {}
    for number, names in enumerate(shards, 1):
        file = f"model-{number:05d}-of-{len(shards):05d}.safetensors"
        partial = folder / f".{file}"
        save_file({name: weights[name] for name in names}, partial, metadata={"format": "pt"})
        partial.replace(folder / file)
        places |= dict.fromkeys(names, file)
    size = sum(weight.nbytes for weight in weights.values())
    index = {"metadata": {"total_size": size}, "weight_map": places}
    (folder / _INDEX).write_text(json.dumps(index, indent=2) + "\n", "utf-8")
    for old in folder.glob("model*.safetensors"):
        if old.name not in places.values():
            old.unlink()


def _saved(weight: Tensor) -> Tensor:
    return quantized(weight) if weight.ndim == 2 else weight.float()


def _save_sampling(folder: Path) -> None:
    config = {
        "do_sample": True,
        "temperature": _CHAT_TEMPERATURE,
        "top_p": Sampling().top_p,
        "bos_token_id": 0,
        "eos_token_id": 2,
        "pad_token_id": 0,
    }
    (folder / "generation_config.json").write_text(json.dumps(config, indent=2) + "\n", "utf-8")


def _shards(weights: dict[str, Tensor]) -> list[list[str]]:
    shards: list[list[str]] = [[]]
    size = 0
    for name, weight in weights.items():
        if shards[-1] and size + weight.nbytes > _SHARD_BYTES:
            shards.append([])
            size = 0
        shards[-1].append(name)
        size += weight.nbytes
    return shards


def load(folder: Path) -> Llama:
    """Return the network of a folder, on the CPU.

    Raises:
        RecipeError: The folder is incomplete, or the weights do not match config.json.
    """
    network = Llama(Shape.load(folder))
    weights: dict[str, Tensor] = {}
    for file in weight_files(folder):
        weights |= load_file(file)
    weights.pop("lm_head.weight", None)
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise RecipeError(
            f"the weights in {folder} do not match its config.json: {error}. Save both again."
        ) from error
    return network
