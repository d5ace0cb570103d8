"""Occupations suit the pronouns of a person."""

from __future__ import annotations

from random import Random

from model.data.people.occupations import draw_occupation


def test_occupation_never_contradicts_the_pronoun() -> None:
    random = Random(4)
    drawn = {
        occupation.text
        for _ in range(6000)
        if (occupation := draw_occupation(random, random.randint(6, 90), subject="he"))
    }
    assert not drawn & {"waitress", "housewife", "single mother", "actress", "schoolgirl", "nun"}
    assert drawn & {"monk", "single father", "househusband", "postman", "salesman", "fisherman"}
