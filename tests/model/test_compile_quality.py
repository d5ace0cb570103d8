"""Perplexity and agreement of compiled weights, and the card that states them."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import torch

from model.__main__ import main
from model.compile.card import card, chat_facts
from model.compile.checkpoint import Checkpoint
from model.compile.errors import QualityError
from model.compile.parameters import bits_per_weight
from model.compile.quality.measure import Quality, measure
from model.compile.reference import Reference
from model.compile.source import Source
from tests.model.random_gguf import write_gguf
from tests.model.random_llama import write_llama

pytestmark = pytest.mark.recipe

GOOD = Quality(given=15.0, compiled=15.6, same=0.9, positions=200, bits=5.01)
BAD = replace(GOOD, compiled=22.5, same=0.657)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_llama(tmp_path / "hf")


def test_quality_is_stated_in_words() -> None:
    assert str(GOOD) == (
        "perplexity 15.00 as given, 15.60 compiled (+4.0 %); the most probable token is the same "
        "at 90.0 % of 200 positions; 5.01 bits per weight"
    )


def test_bad_quality_is_refused_unless_the_loss_is_accepted() -> None:
    GOOD.check()
    with pytest.raises(QualityError, match=r"at most 10 %, got 50\.0 %.*--embedding-bits 8"):
        BAD.check()
    BAD.check(max_loss=60)


def test_scores_are_those_of_the_softmax(folder: Path) -> None:
    network = Reference.unquantized(Checkpoint.read(folder))
    tokens = [5, 300, 7, 41]
    logits = torch.from_numpy(network.logits(tokens))
    scores = network.scores(tokens)
    expected = logits.log_softmax(-1)[range(3), tokens[1:]]
    assert scores.logarithms == pytest.approx(expected.tolist(), abs=1e-5)
    assert scores.best == logits[:3].argmax(-1).tolist()


def test_measure_compares_the_given_and_the_compiled_weights(folder: Path) -> None:
    four, eight = (measure(Checkpoint.read(folder, bits=bits)) for bits in (4, 8))
    assert four.given == eight.given
    assert four.positions > 1000
    assert 0.3 < four.same < eight.same
    assert abs(eight.loss) < abs(four.loss) + 0.1
    assert abs(eight.loss) < 0.5


def test_measure_of_taken_over_blocks_is_exact(folder: Path, tmp_path: Path) -> None:
    file = write_gguf(folder, tmp_path / "small.gguf", kind="Q4_1")
    quality = measure(Checkpoint.read(file))
    assert (quality.loss, quality.same) == (0, 1)


def test_perplexity_of_even_logits_is_the_size_of_the_vocabulary(folder: Path) -> None:
    checkpoint = Checkpoint.read(folder)
    zeros = {name: np.zeros_like(weight) for name, weight in checkpoint.weights.items()}
    quality = measure(replace(checkpoint, weights=zeros))
    assert math.isclose(quality.given, checkpoint.architecture.vocabulary, rel_tol=1e-4)


def test_bits_per_weight_count_every_parameter(folder: Path) -> None:
    plain = Checkpoint.read(folder).architecture
    assert 5 < bits_per_weight(plain) < 5.2
    assert 9 < bits_per_weight(replace(plain, bits=8, embedding_bits=8)) < 9.2
    assert 5.2 < bits_per_weight(replace(plain, embedding_bits=8)) < 8


def test_build_refuses_a_bad_model_and_writes_nothing(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["build", str(folder), "--out", str(out), "--max-loss=-50"]) == 1
    assert "error: The perplexity must increase by at most -50 %" in capsys.readouterr().err
    assert not out.exists()


def test_card_names_source_license_quality_and_checksums(folder: Path, tmp_path: Path) -> None:
    file = write_gguf(folder, tmp_path / "small.gguf", license="apache-2.0")
    out = tmp_path / "out"
    out.mkdir()
    (out / "params_shard_0.bin").write_bytes(b"weights")
    shape = Checkpoint.read(folder).architecture
    text = card("small", Source.find(str(file)), chat_facts(shape, GOOD), out)
    assert "| source | small.gguf |" in text
    assert "| license | apache-2.0 |" in text
    assert f"| quality | {GOOD} |" in text
    for path in (file, out / "params_shard_0.bin"):
        assert f"{sha256(path.read_bytes()).hexdigest()}  {path.name}" in text
    assert re.search(r"\| context \| 1024 tokens \|", text)
    assert "| quality | not measured |" in card(
        "small", Source.find(str(file)), chat_facts(shape, None), out
    )
