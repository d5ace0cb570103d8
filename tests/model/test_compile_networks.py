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
from tests.model.random_windowed import WINDOWED, write_windowed

pytestmark = pytest.mark.recipe

TOKENS = [3, 200, 41, 41, 7, 500, 12]


def write(kind: str, folder: Path) -> Path:
    if kind in WINDOWED:
        return write_windowed(folder, kind)
    if kind in QWENS:
        return write_qwen(folder, kind)
    return write_other_llama(folder) if kind == "other llama" else write_llama(folder)


@pytest.mark.parametrize("kind", ["llama", "other llama", *QWENS, *WINDOWED])
def test_reference_computes_the_network_of_the_checkpoint(kind: str, tmp_path: Path) -> None:
    folder = write(kind, tmp_path / "hf")
    network = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    with torch.no_grad():
        expected = network(torch.tensor([TOKENS * 20])).logits[0].numpy()
    found = Reference.unquantized(Checkpoint.read(folder)).logits(TOKENS * 20)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize(
    ("kind", "layers"), [("gemma3", (0, 2)), ("mistral", (0, 1)), ("qwen2 with a window", (1,))]
)
def test_layers_with_a_sliding_window_are_known(
    kind: str, layers: tuple[int, ...], tmp_path: Path
) -> None:
    folder = write_windowed(tmp_path / "hf", kind)
    shape = Checkpoint.read(folder).architecture
    assert shape.windows is not None
    assert (shape.windows.size, shape.windows.layers) == (64, layers)
    assert (shape.window, shape.prefill_chunk) == (64, 64)
    assert Checkpoint.read(folder, context=64).architecture.window is None
    with pytest.raises(CheckpointError, match="at most the sliding window of 64 tokens, got 65"):
        Checkpoint.read(folder, prefill_chunk=65)
