"""Paragraphs state every given fact once, at a suitable length."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from itertools import pairwise
from random import Random

from model.data.language.template import literal, parse
from model.data.people.notes import Note, draw_notes
from model.data.people.person import Person, draw_person
from model.data.persona.fields import keywords, note_keywords
from model.data.persona.paragraph import write_paragraph

_MANY = 2000
_SELDOM = 0.02


@cache
def many() -> tuple[tuple[Person, str], ...]:
    pairs = []
    for seed in range(_MANY):
        random = Random(seed)
        person = draw_person(random)
        pairs.append((person, write_paragraph(person, random)))
    return tuple(pairs)


def test_paragraph_states_every_given_fact() -> None:
    for person, text in many():
        for field, words in keywords(person).items():
            missing = [word for word in words if word.lower() not in text.lower()]
            assert not missing, (field, missing, text)


def test_paragraph_states_every_note_in_its_words() -> None:
    random = Random(6)
    for stage in ("child", "adult"):
        for _ in range(1500):
            person = draw_person(random)
            for note in draw_notes(random, stage):
                alone = replace(person, notes=(note,))
                text = write_paragraph(alone, random).lower()
                for word in keywords(alone).get("notes", ()):
                    assert word.lower() in text, (note.input.text, word, text)


def test_notes_keep_the_order_of_the_form() -> None:
    for person, text in many():
        found = 0
        for note in person.notes:
            for word in note_keywords(note)[:1]:
                found = text.lower().find(word.lower(), found)
                assert found >= 0, (word, text)


def test_optional_slot_of_a_note_does_not_get_a_word_of_its_neighbor() -> None:
    studied = "{S} studied < at the University of {any_spot}>"
    from_city = "{S} [comes] from <{any_spot}><{city}>"
    notes = (_note(studied, any_spot="Ouagadougou"), _note(from_city, city="Antwerp"))
    for seed in range(40):
        random = Random(seed)
        person = replace(draw_person(random), notes=notes)
        assert "from Antwerp" in write_paragraph(person, random)


def _note(output: str, **values: str) -> Note:
    words = {slot: literal(value) for slot, value in values.items()}
    return Note(
        input=parse("{" + "} {".join(words) + "}"), output=parse(output), values=words, keys=()
    )


def test_paragraph_length_suits_the_tone() -> None:
    lengths: dict[bool, list[int]] = {True: [], False: []}
    for person, text in many():
        lengths[person.group == "brief"].append(len(text.split()))
    for brief, (low, high) in {True: (20, 45), False: (50, 95)}.items():
        found = sorted(lengths[brief])
        assert low <= found[len(found) // 2] <= high
        assert found[-1] <= 130


def test_adjacent_sentences_rarely_start_alike() -> None:
    pairs = alike = 0
    for _, text in many():
        starts = [tuple(one.split()[:2]) for one in re.split(r"(?<=[.!?]) ", text)]
        pairs += len(starts) - 1
        alike += sum(one == other for one, other in pairwise(starts))
    assert alike < _SELDOM * pairs


def test_paragraph_has_no_sentence_twice() -> None:
    for _, text in many():
        sentences = [one for one in re.split(r"(?<=[a-z][.!?]) ", text) if " " in one]
        assert len(sentences) == len(set(sentences)), text
