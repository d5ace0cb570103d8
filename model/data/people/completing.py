"""Adds what a person lacks and a JSON persona always has: age, occupation and interests.

The additions suit what is known: a pupil gets the age of a pupil, somebody with grandchildren is
not young. The whole JSON persona is written about the completed person, so that its parts agree.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from random import Random

from model.data.language.lexicon import entries, sections
from model.data.people.interests import Interest
from model.data.people.occupations import Occupation, draw_occupation, listed_jobs, stage_of
from model.data.people.person import Age, Person
from model.data.people.vague_age import vague_age_of, years_of

__all__ = ["category_of", "completed", "family_of"]

# The present, for ages that follow from a year in the notes.
_NOW = 2026

# Range of ages by the kind of occupation.
_YEARS: Mapping[str, tuple[int, int]] = {
    "study": (18, 27),
    "job": (24, 62),
    "odd": (24, 62),
    "home": (28, 60),
    "pension": (66, 84),
    "retired": (66, 84),
    "": (22, 62),
}
_GRADES = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")
_GRADE = re.compile(rf"(?:({'|'.join((*_GRADES, 'tenth'))}) grader|(year|grade) (\d+))")
# Words in the notes and interests of people who are at least about 60, or about 30.
_OLD = re.compile(
    r"\b(grand(children|daughters?|sons?|mother|father)|retire[ds]?|pension|widow)\b", re.IGNORECASE
)
_GROWN = re.compile(
    r"\b(husband|wife|kids|children|parent|divorced|engaged|married|daughters?|sons?|nieces)\b",
    re.IGNORECASE,
)
_YEAR = re.compile(r"\b(1[89]\d\d|20[0-2]\d)\b")


def completed(person: Person, random: Random) -> Person:
    """Return the person with an age, an occupation and interests; the given ones stay unchanged."""
    years = _years(person, random) if person.age is None else person.age.years
    if person.age is None:
        person = replace(person, age=Age(years=years, text=str(years)))
    if person.occupation is None:
        person = replace(person, occupation=_occupation(person, years, random))
    if not person.interests:
        person = replace(person, interests=_interests(stage_of(years), random))
    return person


def category_of(occupation: Occupation) -> str:
    """Return the category of an occupation, or of the former one if the person is retired."""
    return _categories().get(occupation.text.removeprefix("retired "), occupation.category)


def family_of(interest: Interest) -> str:
    """Return the section of interests.txt that lists this interest, or "" if none does."""
    return _families().get(interest.text, "")


def _years(person: Person, random: Random) -> int:
    vague = vague_age_of(person.notes)
    if vague is not None:
        return random.randint(*years_of(vague))
    kind = person.occupation.kind if person.occupation else ""
    text = person.occupation.text if person.occupation else ""
    if kind == "school":
        return random.randint(*_school_years(text))
    low, high = _YEARS.get(kind, _YEARS[""])
    pensioned = person.occupation is not None and person.occupation.category == "pension"
    if pensioned or ("retire" in text and not text.startswith("semi")):
        low, high = _YEARS["retired"]
    if kind == "study":
        return random.randint(low, high)
    facts = f"{text} {_notes_and_interests(person)}"
    if _OLD.search(facts):
        low, high = max(low, 58), max(high, 78)
    elif _GROWN.search(facts):
        low = max(low, 32)
    # Whatever happened in a year of the notes, the person was of age by then.
    past = [_NOW - int(year) + 18 for year in _YEAR.findall(facts)]
    low = min(max(low, *past, 0), 96)
    return random.randint(low, max(high, low))


def _school_years(text: str) -> tuple[int, int]:
    # "third grader", "grade 3" and "year 4" are about 8 years old.
    grade = _GRADE.search(text)
    if grade is not None:
        name, system, number = grade.groups()
        school_year = int(number) if number else (*_GRADES, "tenth").index(name) + 1
        first = school_year + (4 if system == "year" else 5)
        return first, first + 1
    young, older = (text in entries("occupations", f"school {one}") for one in ("child", "teen"))
    if young == older:
        return 8, 17
    return (6, 11) if young else (14, 18)


def _notes_and_interests(person: Person) -> str:
    notes = (text for note in person.notes for text in _texts(note.input.text, note.values))
    return " ".join((*(one.text for one in person.interests), *notes))


def _texts(source: str, values: Mapping[str, object]) -> tuple[str, ...]:
    return (source, *(str(getattr(value, "text", "")) for value in values.values()))


def _occupation(person: Person, years: int, random: Random) -> Occupation:
    stage = stage_of(years)
    if years < 6:
        return Occupation(text="kindergarten child", category="school", kind="school")
    if stage == "child":
        return Occupation(text="pupil", category="school", kind="school")
    if stage == "teen":
        text = "student" if random.random() < 0.6 else "pupil"
        return Occupation(text=text, category="school", kind="school")
    wanted = ("retired",) if years > 69 else ("job", "retired")
    while True:
        found = draw_occupation(random, years, subject=person.name.pronouns.subject)
        if found and found.kind in wanted and category_of(found) in _categories().values():
            return found


def _interests(stage: str, random: Random) -> tuple[Interest, ...]:
    suitable = [
        text for text in _listed() if not (text.startswith("@") and stage in ("child", "teen"))
    ]
    chosen = random.sample(suitable, random.choice((2, 2, 3)))
    return tuple(Interest(text=text.removeprefix("@grown "), details=()) for text in chosen)


@cache
def _listed() -> tuple[str, ...]:
    listed = (
        line.split(" | ")[0].strip()
        for name, lines in sections("interests").items()
        for line in lines
        if name
    )
    return tuple(interest for interest in listed if len(interest) < 30)


@cache
def _families() -> dict[str, str]:
    return {
        line.split(" | ")[0].strip().removeprefix("@grown "): name
        for name, lines in sections("interests").items()
        for line in lines
        if name
    }


@cache
def _categories() -> dict[str, str]:
    return {job.text: job.category for job in listed_jobs()}
