"""Phrases made at random: clean, varied, and with verbs that can be inflected."""

from __future__ import annotations

import re
from random import Random

import pytest

from model.data.language.grammar import PRONOUNS, conjugated, third_person
from model.data.language.lexicon import sections
from model.data.language.phrases import PHRASES, draw_possession, draw_pursuit


def test_random_interests_hardly_ever_repeat() -> None:
    random = Random(1)
    drawn = [draw_pursuit(random) for _ in range(2000)]
    assert len(set(drawn)) > 1850
    assert sum(not text.isascii() for text in drawn) > 100
    assert len({draw_possession(random) for _ in range(100)}) > 50


@pytest.mark.parametrize("name", PHRASES)
def test_phrases_have_no_stray_spaces_or_template_syntax(name: str) -> None:
    random = Random(2)
    for _ in range(300):
        text = PHRASES[name](random)
        assert text == " ".join(text.split())
        assert not re.search(r"[()|<>@=_/](?!7)", text.replace("{their}", "")), text


def test_verbs_of_the_vocabulary_can_be_inflected_and_back() -> None:
    for line in sections("vocabulary")["verb"]:
        for entry in line.split():
            base = entry.partition("/")[0].replace("_", " ")
            assert conjugated(third_person(base), pronouns=PRONOUNS["they"]) == base
