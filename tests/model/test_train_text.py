"""Tokenizer, packing, generation, schedule and sample report."""

from __future__ import annotations

import re
from functools import cache
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, pre_tokenizers

from model.data import conversations, render
from model.tools import RecipeError
from model.train.corpus import LEARNED, START, TOKEN, sample_texts, training_rows
from model.train.generate import Sampling, generate
from model.train.network import Llama
from model.train.report import report
from model.train.schedule import learning_rate, quantized_share
from model.train.shape import SMOKE
from model.train.tokenizer import load_tokenizer, save_tokenizer, train_tokenizer

pytestmark = pytest.mark.recipe


@cache
def trained() -> Tokenizer:
    texts = sample_texts(seed=5, count=600, processes=1)
    return train_tokenizer(texts, vocabulary=SMOKE.vocab_size)


def test_special_tokens_have_fixed_ids() -> None:
    tokenizer = trained()
    names = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
    assert [tokenizer.token_to_id(name) for name in names] == [0, 1, 2]
    assert tokenizer.get_vocab_size() == SMOKE.vocab_size


@pytest.mark.parametrize(
    "text",
    [
        "Ada, 36, isn't here.",
        "Grace Hopper  (1906)",
        "fútbol, Zażółć, 東京, 🎲 and Ñandú\n\tend ",
        "O'Brien's R2D2 costs 1,250.50 €",
        " leading and trailing ",
        "á é í ó ú ñ ü ö ä å ø ł ž ç ő ğ ş ễ ā đ þ ß Á Ł Ø Ž Ş",
        "шахматы, 将棋, موسيقى, हिन्दी, 서예",
    ],
)
def test_tokenizer_round_trip_preserves_text(text: str) -> None:
    assert trained().decode(trained().encode(text).ids) == text


def test_tokenizer_round_trip_preserves_conversations() -> None:
    for one in islice(conversations(9), 100):
        text = render(one.messages)
        assert trained().decode(trained().encode(text).ids, skip_special_tokens=False) == text


def test_every_byte_has_a_token() -> None:
    alphabet = trained().get_vocab().keys() & set(pre_tokenizers.ByteLevel.alphabet())
    assert len(alphabet) == 256


def test_each_digit_is_a_token() -> None:
    pieces = trained().encode("Age: 1984").tokens
    assert pieces[-4:] == ["1", "9", "8", "4"]


def test_name_has_the_same_tokens_in_every_position() -> None:
    name = trained().encode("Zorblax").ids
    for text in ("Name: Zorblax", "Meet Zorblax", "Zorblax"):
        assert trained().encode(text).ids[-len(name) :] == name


def test_saved_tokenizer_can_be_loaded(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"tokenizer\.json"):
        load_tokenizer(tmp_path)
    save_tokenizer(trained(), tmp_path, context=1024)
    assert load_tokenizer(tmp_path).to_str() == trained().to_str()


def test_too_little_text_is_rejected() -> None:
    with pytest.raises(RecipeError, match="more conversations"):
        train_tokenizer(["short"], vocabulary=4096)


def test_rows_contain_whole_conversations_and_mark_learned_tokens() -> None:
    rows = training_rows(trained(), seed=2, count=60, length=700, processes=1)
    assert rows.dtype == np.int16
    assert rows.shape[1] == 700
    for row in rows:
        starts = np.flatnonzero(row & START)
        for start, end in zip(starts, [*starts[1:], len(row)], strict=True):
            document = row[start:end]
            text = trained().decode((document & TOKEN).tolist(), skip_special_tokens=False)
            if text.startswith("<|endoftext|>"):
                assert not (document & LEARNED).any()
                continue
            assert text.startswith("<|im_start|>")
            assert text.endswith("<|im_end|>\n")
            learned = (document & TOKEN)[(document & LEARNED) != 0].tolist()
            answers = trained().decode(learned, skip_special_tokens=False)
            parts = text.split("<|im_start|>assistant\n")[1:]
            assert answers == "".join(part.split("<|im_end|>")[0] + "<|im_end|>" for part in parts)


def test_rows_do_not_depend_on_the_number_of_processes() -> None:
    one, two = (
        training_rows(trained(), seed=2, count=120, length=700, processes=processes)
        for processes in (1, 2)
    )
    assert np.array_equal(one, two)


def test_generation_is_repeatable_and_independent_of_the_batch() -> None:
    torch.manual_seed(0)
    network = Llama(SMOKE)
    prompts = ["<|im_start|>user\nHi<|im_end|>\n", "<|im_start|>"]
    most_likely = Sampling(temperature=0, limit=8)
    batched = generate(network, trained(), prompts, sampling=most_likely)
    separate = [generate(network, trained(), [one], sampling=most_likely)[0] for one in prompts]
    assert batched == separate
    sampled = [generate(network, trained(), prompts, sampling=Sampling(limit=8)) for _ in range(2)]
    assert sampled[0] == sampled[1]


def test_warmup_of_a_short_run_takes_200_steps() -> None:
    rates = [learning_rate(0.5, peak=1.0, step=at, steps=10**9) for at in range(300)]
    assert rates[0] < 0.01
    assert rates[:200] == sorted(rates[:200])
    assert rates[199] == rates[299] == learning_rate(0.5, peak=1.0)
    assert learning_rate(0.5, peak=1.0, step=0, steps=20) == rates[299], (
        "a run of few steps has no long warmup"
    )


def test_schedule_warms_up_decays_and_quantizes_late() -> None:
    rates = [learning_rate(step / 100, peak=1.0) for step in range(101)]
    assert rates[0] < 0.05
    assert max(rates) == rates[2] == 1.0
    assert rates[2:] == sorted(rates[2:], reverse=True)
    assert rates[-1] == pytest.approx(0.02)
    assert [quantized_share(progress) for progress in (0, 0.69, 0.7, 1)] == [0, 0, 1, 1]


def test_report_judges_the_answers_of_the_network() -> None:
    torch.manual_seed(0)
    text = report(Llama(SMOKE), trained(), held_out=2, sampling=Sampling(limit=3))
    shares, _, texts = text.partition("# small talk, sampled\n")[2].partition("\n# held-out")
    assert re.search(r"^answer ends by itself +0/\d\d \(0\.0%\)$", shares, re.MULTILINE)
    assert re.search(r"^persona uses every given field +0/2 \(0\.0%\)$", text, re.MULTILINE)
    assert len(re.findall(r"^!! ends: truncated; .*fields: ", texts, re.MULTILINE)) >= 2
