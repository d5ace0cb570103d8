"""Answers of a trained network in PyTorch: every turn of every case, in the form of a replay."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from model.data import Message
from model.data.chatml import prompt
from model.data.language.lexicon import templates
from model.evaluate.case import Ask, Case, read_answers
from model.evaluate.pytorch import answer_cases
from model.tools import RecipeError
from model.train import folder
from model.train.corpus import sample_texts
from model.train.generate import Sampling, generate
from model.train.network import Llama
from model.train.shape import SMOKE
from model.train.tokenizer import load_tokenizer, save_tokenizer, train_tokenizer

pytestmark = pytest.mark.recipe

GREEDY = {"max_tokens": 9, "temperature": 0}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random network with a tokenizer, as `train` writes them."""
    out = tmp_path_factory.mktemp("trained")
    torch.manual_seed(3)
    network = Llama(SMOKE)
    for weight in network.parameters():
        if weight.ndim == 2:
            torch.nn.init.normal_(weight, std=0.08)
    folder.save(network, out)
    texts = sample_texts(seed=1, count=1500, processes=1)
    save_tokenizer(train_tokenizer(texts, vocabulary=SMOKE.vocab_size), out, context=1024)
    return out


def cases() -> list[Case]:
    def ask(text: str, **request: object) -> Ask:
        return Ask(
            kind="question", messages=[{"role": "user", "content": text}], request=dict(request)
        )

    system = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello!"}]
    return [
        Case(id="two", group="talk", asks=[ask("Who are you?", **GREEDY), ask("Why?", **GREEDY)]),
        Case(id="own", group="talk", asks=[Ask(kind="talk", messages=system, request=GREEDY)]),
        Case(id="warm", group="talk", asks=[ask("hi", max_tokens=7, temperature=1.0)]),
    ]


def test_every_turn_has_the_most_likely_answer_after_those_before_it(
    trained: Path, tmp_path: Path
) -> None:
    answers, about = read_answers([answer_cases(trained, cases(), out=tmp_path / "answers.jsonl")])
    assert about["parts"] == 1
    assert {name: len(some) for name, some in answers.items()} == {"two": 2, "own": 1, "warm": 1}
    network, tokenizer = folder.load(trained), load_tokenizer(trained)
    first, second = answers["two"]
    brief = Message("system", "Be brief.")
    usual = Message("system", templates("requests", "system")[0].text)
    asked = Message("user", "Who are you?")
    said = Message("assistant", first.text)
    for given, messages in (
        (answers["own"][0], [brief, Message("user", "Hello!")]),
        (first, [usual, asked]),
        (second, [usual, asked, said, Message("user", "Why?")]),
    ):
        sampling = Sampling(temperature=0.0, limit=9)
        [(expected, ended)] = generate(network, tokenizer, [prompt(messages)], sampling=sampling)
        assert given.text == expected
        assert given.finish == ("stop" if ended else "length")
    assert answers["warm"][0].tokens <= 7


def test_same_seed_gives_the_same_answers(trained: Path, tmp_path: Path) -> None:
    def answered(seed: int) -> str:
        out = answer_cases(trained, cases(), out=tmp_path / "answers.jsonl", seed=seed)
        return read_answers([out])[0]["warm"][0].text

    assert answered(1) == answered(1)
    assert answered(1) != answered(2)


def test_folder_of_a_compiled_model_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"`python -m model train` wrote, but .* no config\.json"):
        answer_cases(tmp_path, cases(), out=tmp_path / "answers.jsonl")
