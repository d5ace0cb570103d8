"""Draws occupations that suit an age: jobs, schools, studies, retirement, or none."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from random import Random

from model.data.language.invent import invented_occupation
from model.data.language.lexicon import entries, sections

__all__ = ["Occupation", "draw_occupation", "listed_jobs", "stage_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Occupation:
    """An occupation, the section of work.txt with sentences about it, and its kind.

    `kind` is "job", "school", "study", "retired", "home", "state" (a state such as "unemployed",
    which takes no article) or "odd" (an adult's job in the form of a child).
    """

    text: str
    category: str
    kind: str


def stage_of(years: int) -> str:
    """Return "child" (below 13), "teen" (below 20), "adult" (below 65) or "old"."""
    return "child" if years < 13 else "teen" if years < 20 else "adult" if years < 65 else "old"


# Sections of occupations.txt that do not contain jobs.
_NO_JOBS = frozenset({"school child", "school teen", "study", "state", "home", "pension"})


@cache
def listed_jobs() -> tuple[Occupation, ...]:
    """Return all jobs of the lexicon, with their categories."""
    return tuple(
        Occupation(text=text, category=category, kind="job")
        for category in sections("occupations")
        if category and category not in _NO_JOBS
        for text in entries("occupations", category)
    )


# Words in an occupation that suit one pronoun only: "She is a waitress", never "He is a waitress".
_HERS = re.compile(
    r"mother|mum\b|woman|(?<!mid)wife|actress|waitress|lady|mistress|girl|maid\b|seamstress|nun\b"
)
_HIS = re.compile(r"father|dad\b|(?<!wo)man\b|husband|boy\b|monk\b|landlord|butler")


def draw_occupation(random: Random, years: int, *, subject: str = "") -> Occupation | None:
    """Return an occupation that suits the age, or None, which is common for children.

    `subject` is the pronoun ("she", "he", "they") that the occupation must not contradict; with
    "" any occupation is allowed.
    """
    while True:
        occupation = _by_age(random, years)
        if occupation is None or not subject or _agrees(occupation.text, subject):
            return occupation


def _agrees(text: str, subject: str) -> bool:
    hers, his = bool(_HERS.search(text)), bool(_HIS.search(text))
    return not (hers or his) or (hers != his and subject == ("she" if hers else "he"))


def _by_age(random: Random, years: int) -> Occupation | None:
    stage = stage_of(years)
    if stage in ("child", "teen"):
        return _early(random, years)
    if stage == "old":
        return _late(random)
    style = random.random()
    if style < 0.1:
        return _one_of("study", random, kind="study")
    if style < 0.15:
        return _one_of("state", random, kind="state")
    return _one_of("home", random, kind="home") if style < 0.19 else _any_job(random)


def _early(random: Random, years: int) -> Occupation | None:
    stage = stage_of(years)
    if random.random() < 0.12:
        return Occupation(text=_any_job(random).text, category="odd", kind="odd")
    if stage == "child" and random.random() < 0.3:
        return None
    if years < 17 or random.random() < 0.5:
        return _pupil(random, stage)
    return _any_job(random) if random.random() < 0.5 else _one_of("study", random, kind="study")


def _pupil(random: Random, stage: str) -> Occupation:
    text = random.choice(entries("occupations", f"school {stage}"))
    return Occupation(text=text, category="school", kind="school")


def _one_of(category: str, random: Random, *, kind: str) -> Occupation:
    text = random.choice(entries("occupations", category))
    return Occupation(text=text, category=category, kind=kind)


def _any_job(random: Random) -> Occupation:
    if random.random() < 0.28:
        return Occupation(text=invented_occupation(random), category="any", kind="job")
    return random.choice(listed_jobs())


def _late(random: Random) -> Occupation:
    style = random.random()
    if style < 0.12:
        return Occupation(text="retired", category="state", kind="state")
    if style < 0.2:
        return _one_of("pension", random, kind="home")
    if style < 0.66:
        job = _any_job(random)
        return Occupation(text=f"retired {job.text}", category="retired", kind="retired")
    return _any_job(random)
