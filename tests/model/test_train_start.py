"""Training that continues from the weights of another model."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from pywebllm.builtin import BUILTIN_MODEL, BUILTIN_REVISION

from model.__main__ import main
from model.compile.checkpoint import Checkpoint
from model.compile.parameters import fill
from model.compile.tensor_cache import read_tensors
from model.tools import RecipeError
from model.train import folder
from model.train.network import Llama
from model.train.shape import FULL, SMOKE
from model.train.start import starting_network
from model.train.tokenizer import load_tokenizer

pytestmark = pytest.mark.recipe

BUILT_IN = Path(__file__).parents[2] / f"static/models/{BUILTIN_MODEL}/resolve/{BUILTIN_REVISION}"


def test_weights_of_the_built_in_model_are_read_exactly(tmp_path: Path) -> None:
    folder.save(starting_network(FULL, BUILT_IN), tmp_path)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(BUILT_IN / name, tmp_path)
    values = fill(Checkpoint.read(tmp_path))
    shipped = read_tensors(BUILT_IN)
    assert list(shipped) == list(values)
    content = (BUILT_IN / "params_shard_0.bin").read_bytes()
    assert content == b"".join(np.ascontiguousarray(one).tobytes() for one in values.values())


def test_training_continues_from_weights_and_their_tokenizer(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    folder.save(Llama(SMOKE), first)
    made = ["--smoke", "--processes", "1", "--state", str(tmp_path / "state.pt")]
    assert main(["tokenizer", *made, "--out", str(first)]) == 0
    given = ["--weights", str(first), "--peak", "1e-6", "--steps", "20", "--seed", "5"]
    assert main(["train", *made, *given, "--out", str(second)]) == 0
    assert load_tokenizer(second).to_str() == load_tokenizer(first).to_str()
    (row,) = csv.DictReader((second / "loss.csv").read_text("utf-8").splitlines())
    assert row["quantised"] == "1"
    before, after = folder.load(first).state_dict(), folder.load(second).state_dict()
    for name, weight in before.items():
        torch.testing.assert_close(after[name], weight, rtol=0, atol=1e-4)


def test_weights_of_another_shape_are_rejected(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="cannot be read as those of the shape to train"):
        starting_network(SMOKE, BUILT_IN)
    folder.save(Llama(SMOKE), tmp_path)
    with pytest.raises(RecipeError, match="must have the shape to train"):
        starting_network(FULL, tmp_path)
