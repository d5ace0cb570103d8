"""Summaries keep to their limit and state the notes."""

from __future__ import annotations

import re
from random import Random

from model.data.people.person import draw_person
from model.data.persona.fields import keywords
from model.data.persona.summary import write_summary

_MANY = 2000
_SELDOM = 0.02


def test_summary_keeps_to_its_limit_and_states_the_notes() -> None:
    words = missing = 0
    for seed in range(_MANY):
        random = Random(seed)
        person = draw_person(random)
        text = write_summary(person, random, limit=300)
        assert 0 < len(text) <= 300
        assert not set(text) & set('"\\\n')
        assert len(set(re.findall(r"\b(she|he)\b", text.lower()))) <= 1 or "'" in text, text
        notes = keywords(person).keys() - {"name", "age", "occupation", "interests"}
        for word in (word for field in notes for word in keywords(person)[field]):
            words += 1
            missing += word.lower().replace('"', "'") not in text.lower()
    assert missing < _SELDOM * words
