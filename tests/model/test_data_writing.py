"""The paragraphs and summaries: all that is given is told, once and in good order."""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise
from random import Random

from model.data.people.person import Person, a_person
from model.data.persona.fields import keywords
from model.data.persona.paragraph import write
from model.data.persona.summary import write_summary

_MANY = 2000
_SELDOM = 0.02


@cache
def told() -> tuple[tuple[Person, str], ...]:
    pairs = []
    for seed in range(_MANY):
        random = Random(seed)
        person = a_person(random)
        pairs.append((person, write(person, random)))
    return tuple(pairs)


def test_every_fact_is_told() -> None:
    for person, text in told():
        for field, words in keywords(person).items():
            missing = [word for word in words if word.lower() not in text.lower()]
            assert not missing, (field, missing, text)


def test_lengths_suit_the_tone() -> None:
    lengths: dict[bool, list[int]] = {True: [], False: []}
    for person, text in told():
        lengths[person.group == "brief"].append(len(text.split()))
    for brief, (low, high) in {True: (20, 45), False: (50, 95)}.items():
        found = sorted(lengths[brief])
        assert low <= found[len(found) // 2] <= high
        assert found[-1] <= 130


def test_neighbours_rarely_start_alike() -> None:
    pairs = alike = 0
    for _, text in told():
        starts = [tuple(one.split()[:2]) for one in re.split(r"(?<=[.!?]) ", text)]
        pairs += len(starts) - 1
        alike += sum(one == other for one, other in pairwise(starts))
    assert alike < _SELDOM * pairs


def test_no_sentence_stands_twice() -> None:
    for _, text in told():
        sentences = [one for one in re.split(r"(?<=[a-z][.!?]) ", text) if " " in one]
        assert len(sentences) == len(set(sentences)), text


def test_summary_keeps_to_its_limit_and_tells_the_notes() -> None:
    asked = missing = 0
    for seed in range(_MANY):
        random = Random(seed)
        person = a_person(random)
        text = write_summary(person, random, limit=300)
        assert 0 < len(text) <= 300
        assert not set(text) & set('"\\\n')
        assert len(set(re.findall(r"\b(she|he)\b", text.lower()))) <= 1 or "'" in text, text
        notes = keywords(person).keys() - {"name", "age", "occupation", "interests"}
        for word in (word for field in notes for word in keywords(person)[field]):
            asked += 1
            missing += word.lower().replace('"', "'") not in text.lower()
    assert missing < _SELDOM * asked
