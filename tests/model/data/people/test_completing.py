"""Completing a person adds what is missing and nothing else."""

from __future__ import annotations

from random import Random

from model.data.people.completing import completed
from model.data.people.person import draw_person


def test_completed_person_has_all_facts_and_stays_the_same() -> None:
    for seed in range(200):
        random = Random(seed)
        whole = completed(draw_person(random), random)
        assert completed(whole, random) == whole
        assert whole.age
        assert whole.occupation
        assert whole.interests
