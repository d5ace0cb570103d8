"""Ages as ranges: what is typed, what the persona says, and the years that a JSON persona has."""

from __future__ import annotations

from random import Random

import pytest

from model.data.people.completing import completed
from model.data.people.person import draw_person
from model.data.people.vague_age import draw_vague_age, vague_age_of, years_of
from model.data.persona.fields import form_fields, keywords
from model.data.persona.paragraph import write_paragraph


@pytest.mark.parametrize("years", [20, 23, 29, 35, 48, 64, 99])
def test_range_contains_the_years(years: int) -> None:
    for seed in range(30):
        low, high = years_of(draw_vague_age(years, Random(seed)))
        assert low <= years <= high
        assert low // 10 == high // 10 == years // 10


@pytest.mark.parametrize("years", [19, 100])
def test_only_whole_decades_have_a_name(years: int) -> None:
    with pytest.raises(ValueError, match="from 20 to 99"):
        draw_vague_age(years, Random(0))


def test_people_with_a_vague_age_state_it_where_an_age_is_typed() -> None:
    random = Random(2)
    seen = 0
    for _ in range(3000):
        person = draw_person(random)
        vague = vague_age_of(person.notes)
        if vague is None:
            continue
        seen += 1
        assert person.age is None
        [decade] = keywords(person)["age"]
        fields = form_fields(person, random)
        typed = next(value for name, value in fields.items() if name.lower() == "age")
        assert decade in " ".join(typed.lower().split())
        assert decade in write_paragraph(person, random)
        low, high = years_of(vague)
        whole = completed(person, random)
        assert whole.age is not None
        assert low <= whole.age.years <= high
    assert 20 < seen < 200
