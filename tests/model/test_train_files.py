"""The files of training: tokenizer, encoded text, and the plot of the loss."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from model.tools import RecipeError
from model.train.corpus import sample_texts
from model.train.curve import draw
from model.train.text import Text, text_of, tokenizer_of
from model.train.tokenizer import train_tokenizer

pytestmark = pytest.mark.recipe

LOG = """step,seconds,tokens,rate,quantised,loss,valid,valid_4bit
20,1,1000000,0.003,0,3.0,,
40,2,2000000,0.003,0,2.0,2.1,2.3
60,3,3000000,0.003,0,9.0,9.0,9.0
60,1,3000000,0.001,1,1.5,1.6,1.6
"""


def test_tokenizer_is_trained_once(tmp_path: Path) -> None:
    def made(*, seed: int = 1, vocabulary: int = 600) -> str:
        numbers = {"texts": 300, "processes": 1}
        tokenizer = tokenizer_of(tmp_path, seed=seed, vocabulary=vocabulary, **numbers)
        text: str = tokenizer.to_str()
        return text

    first = made()
    (file,) = tmp_path.iterdir()
    os.utime(file, (1, 1))
    assert made() == first
    assert file.stat().st_mtime == 1
    assert made(seed=2) != first
    assert made(vocabulary=500) != first
    assert len([*tmp_path.iterdir()]) == 3


def test_text_is_encoded_once(tmp_path: Path) -> None:
    texts = sample_texts(seed=5, count=300, processes=1)
    tokenizer = train_tokenizer(texts, vocabulary=600)

    def made(seed: int) -> Text:
        numbers = {"conversations": 60, "held_out": 5, "length": 1024, "processes": 1}
        return text_of(tokenizer, tmp_path, seed=seed, **numbers)

    first = made(1)
    assert first.train.shape[1] == first.valid.shape[1] == 1024
    os.utime(first.train_file, (1, 1))
    assert made(1) == first
    assert first.train_file.stat().st_mtime == 1
    assert made(2).train_file != first.train_file
    assert not np.array_equal(made(2).train[0], first.train[0])


def test_plot_uses_the_later_rows_after_a_restart(tmp_path: Path) -> None:
    log, picture = tmp_path / "loss.csv", tmp_path / "loss.svg"
    with pytest.raises(RecipeError, match=r"no .*loss\.csv"):
        draw(log, picture)
    log.write_text(LOG)
    draw(log, picture)
    drawn = picture.read_text("utf-8")
    for text in ("million tokens seen", "held out, through the 4-bit form", "training"):
        assert text in drawn
    log.write_text(LOG.replace("60,3,3000000,0.003,0,9.0,9.0,9.0\n", ""))
    draw(log, tmp_path / "again.svg")
    assert (tmp_path / "again.svg").read_text("utf-8") == drawn


def test_plot_of_a_long_run_is_small(tmp_path: Path) -> None:
    log, picture = tmp_path / "loss.csv", tmp_path / "loss.svg"
    head, *_ = LOG.splitlines()
    rows = (f"{step},1,{step}000,0.003,1,{2 + step % 7},," for step in range(20_000))
    log.write_text("\n".join([head, *rows]) + "\n")
    draw(log, picture)
    assert picture.stat().st_size < 50_000
    # A run of fewer steps than one entry of the log takes has none.
    log.write_text(head + "\n")
    draw(log, picture)
    assert "million tokens seen" in picture.read_text("utf-8")
