"""Adds to a person what the form left open and a typed persona has all the same.

The summary is written of the completed person, so the parts of one answer agree.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from random import Random

from model.data.interests import Interest
from model.data.lexicon import sections
from model.data.occupations import Occupation, stage_of
from model.data.people import Age, Person

__all__ = ["category_of", "completed", "family_of"]

# The latest year that the notes know.
_NOW = 2026

# Years of life by what the occupation is, then by its kind.
_PUPILS: Mapping[str, tuple[int, int]] = {
    "primary school pupil": (6, 11),
    "elementary school student": (6, 11),
    "schoolchild": (6, 12),
    "third grader": (8, 9),
    "fifth grader": (10, 11),
    "middle school student": (11, 14),
    "ninth grader": (14, 15),
    "sixth former": (16, 18),
    "high school student": (14, 18),
    "secondary school student": (12, 18),
    "exchange student": (15, 18),
}
_YEARS: Mapping[str, tuple[int, int]] = {
    "school": (8, 17),
    "study": (18, 27),
    "job": (24, 62),
    "odd": (24, 62),
    "retired": (66, 84),
    "": (22, 62),
}
_OLD = re.compile(
    r"\b(grand(children|daughters?|sons?)|retire[ds]?|pension|widow)\b", re.IGNORECASE
)
_GROWN = re.compile(
    r"\b(husband|wife|kids|children|parent|divorced|engaged|married|daughters?|sons?|nieces)\b",
    re.IGNORECASE,
)
_YEAR = re.compile(r"\b(1[89]\d\d|20[0-2]\d)\b")


def completed(person: Person, random: Random) -> Person:
    """Return the person with an age, an occupation and interests, the given ones as they are."""
    if person.age is None:
        years = _years(person, random)
        person = replace(person, age=Age(years=years, text=str(years)))
    assert person.age is not None
    if person.occupation is None:
        person = replace(person, occupation=_occupation(person.age.years, random))
    if not person.interests:
        person = replace(person, interests=_interests(stage_of(person.age.years), random))
    return person


def category_of(occupation: Occupation) -> str:
    """Return the category of an occupation, of the former one where it is given up."""
    return _categories().get(occupation.text.removeprefix("retired "), occupation.category)


def family_of(interest: Interest) -> str:
    """Return the section of the interests that lists this one, "" for what none does."""
    return _families().get(interest.text, "")


def _years(person: Person, random: Random) -> int:
    kind = person.occupation.kind if person.occupation else ""
    text = person.occupation.text if person.occupation else ""
    low, high = _PUPILS.get(text) or _YEARS.get(kind) or _YEARS[""]
    if "retired" in text and text != "semi-retired":
        low, high = _YEARS["retired"]
    if kind in ("school", "study"):
        return random.randint(low, high)
    said = _said(person)
    if _OLD.search(said):
        low, high = max(low, 58), max(high, 78)
    elif _GROWN.search(said):
        low = max(low, 32)
    past = [_NOW - int(year) + 18 for year in _YEAR.findall(said)]
    low = min(max(low, *past, 0), 96)
    return random.randint(low, max(high, low))


def _said(person: Person) -> str:
    notes = (text for note in person.notes for text in _texts(note.typed.text, note.values))
    return " ".join((*(one.text for one in person.interests), *notes))


def _texts(typed: str, values: Mapping[str, object]) -> tuple[str, ...]:
    return (typed, *(str(getattr(value, "text", "")) for value in values.values()))


def _occupation(years: int, random: Random) -> Occupation:
    stage = stage_of(years)
    if years < 6:
        return Occupation(text="kindergarten child", category="school", kind="school")
    if stage == "child":
        return Occupation(text="pupil", category="school", kind="school")
    if stage == "teen":
        text = "student" if random.random() < 0.6 else "pupil"
        return Occupation(text=text, category="school", kind="school")
    text = random.choice(tuple(_categories()))
    if stage == "old" and (years > 69 or random.random() < 0.7):
        return Occupation(text=f"retired {text}", category="retired", kind="retired")
    return Occupation(text=text, category=_categories()[text], kind="job")


def _interests(stage: str, random: Random) -> tuple[Interest, ...]:
    able = [text for text in _listed() if not (text.startswith("@") and stage in ("child", "teen"))]
    chosen = random.sample(able, random.choice((2, 2, 3)))
    return tuple(Interest(text=text.removeprefix("@grown "), details=()) for text in chosen)


@cache
def _listed() -> tuple[str, ...]:
    entries = (line.split(" | ")[0].strip() for lines in _interest_lines() for line in lines)
    return tuple(entry for entry in entries if len(entry) < 30)


def _interest_lines() -> tuple[tuple[str, ...], ...]:
    return tuple(lines for name, lines in sections("interests").items() if name)


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
    found = {}
    for name, lines in sections("occupations").items():
        if not name or name.startswith("school") or name in ("study", "state"):
            continue
        for line in lines:
            for entry in line.split(";"):
                found.setdefault(entry.strip(), name)
    return found
