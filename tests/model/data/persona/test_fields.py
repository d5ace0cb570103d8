"""Forms as visitors fill them in: single fields, and emojis that the persona leaves out."""

from __future__ import annotations

from collections import Counter
from random import Random

from model.data.people.person import draw_person
from model.data.persona.fields import EMOJIS, form_fields, keywords
from model.data.persona.paragraph import write_paragraph


def test_every_field_may_be_the_only_one_of_a_form() -> None:
    random = Random(7)
    alone = Counter(
        next(iter(fields)).lower()
        for _ in range(6000)
        if len(fields := form_fields(draw_person(random), random)) == 1
    )
    for name in ("name", "age", "occupation", "interests", "notes"):
        assert alone[name] > 15, alone


def test_emojis_occur_in_forms_and_never_in_the_persona() -> None:
    random = Random(8)
    with_emoji = 0
    for _ in range(3000):
        person = draw_person(random)
        fields = form_fields(person, random)
        if any(emoji in value for emoji in EMOJIS for value in fields.values()):
            with_emoji += 1
            assert not any(emoji in write_paragraph(person, random) for emoji in EMOJIS)
    assert 10 < with_emoji < 150


def test_capitals_of_a_form_are_not_those_of_the_persona() -> None:
    """Visitors type any field in capitals; the persona has the words as they are written."""
    random = Random(9)
    shouted: Counter[str] = Counter()
    for _ in range(3000):
        person = draw_person(random)
        fields = form_fields(person, random)
        loud = [name.lower() for name, value in fields.items() if _is_shouted(value)]
        shouted.update(loud)
        if not loud:
            continue
        text = write_paragraph(person, random)
        assert not _is_shouted(text)
        for words in keywords(person).values():
            assert all(word.lower() in text.lower() for word in words)
    for name in ("name", "occupation", "interests", "notes"):
        assert shouted[name] > 40, shouted


def _is_shouted(text: str) -> bool:
    return text.isupper() and len(text) > 3


def test_one_word_of_the_notes_may_be_in_capitals() -> None:
    random = Random(10)
    emphasized = 0
    for _ in range(3000):
        notes = form_fields(draw_person(random), random).get("notes", "")
        emphasized += not notes.isupper() and any(
            word.isupper() and len(word) > 4 for word in notes.split()
        )
    assert emphasized > 20
