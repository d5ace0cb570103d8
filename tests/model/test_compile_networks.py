"""The reference of `verify` computes what `transformers` computes for the checkpoint itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from model.compile.checkpoint import Checkpoint
from model.compile.errors import CheckpointError
from model.compile.reference import Reference
from tests.model.random_llama import write_llama, write_other_llama
from tests.model.random_qwen import QWENS, write_qwen

pytestmark = pytest.mark.recipe

TOKENS = [3, 200, 41, 41, 7, 500, 12]


def write(kind: str, folder: Path) -> Path:
    if kind in QWENS:
        return write_qwen(folder, kind)
    return write_other_llama(folder) if kind == "other llama" else write_llama(folder)


@pytest.mark.parametrize("kind", ["llama", "other llama", *QWENS])
def test_reference_computes_the_network_of_the_checkpoint(kind: str, tmp_path: Path) -> None:
    folder = write(kind, tmp_path / "hf")
    network = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    with torch.no_grad():
        expected = network(torch.tensor([TOKENS])).logits[0].numpy()
    found = Reference.unquantized(Checkpoint.read(folder)).logits(TOKENS)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4 * np.abs(expected).max())


def test_sliding_window_of_a_qwen_is_rejected(tmp_path: Path) -> None:
    changes = {"use_sliding_window": True, "sliding_window": 64, "max_window_layers": 0}
    folder = write_qwen(tmp_path / "hf", "qwen2", **changes)
    with pytest.raises(CheckpointError, match="sliding windows are not supported"):
        Checkpoint.read(folder)
