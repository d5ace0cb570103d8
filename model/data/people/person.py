"""Draws made-up people: what is true of each, independent of how anybody writes it.

A `Person` holds the facts in the words that the persona uses. How a visitor may type them is up
to `persona.fields`, how a paragraph states them to `persona.paragraph`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from random import Random
from typing import Any

from model.data.language.grammar import PRONOUNS, Pronouns, number_in_words
from model.data.language.invent import invented_name
from model.data.language.lexicon import entries, sections
from model.data.people.interests import Interest, draw_interests
from model.data.people.notes import Note, draw_custom_fields, draw_notes
from model.data.people.occupations import Occupation, draw_occupation, stage_of
from model.data.people.vague_age import draw_vague_age

__all__ = ["Age", "Name", "Person", "draw_person", "draw_tone", "fact_slots", "with_common_name"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A full name, the short form for later mentions, and the pronouns that go with it."""

    full: str
    short: str
    pronouns: Pronouns


@dataclass(frozen=True, slots=True, kw_only=True)
class Age:
    """An age in years, and as the text states it: "36" or "thirty-six"."""

    years: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """The facts about somebody; None or empty where the form says nothing.

    Attributes:
        name: Always present, because the text needs one, even if the form does not give it.
        named: Whether the form gives the name.
        tone: The tone as the visitor words it.
        group: The tone whose sentences are used: a section of tones.txt.
        pronoun_typed: Whether only the notes or interests show the pronouns ("her two dogs").
        pronoun_field: Whether a custom field of the form gives the pronouns.
    """

    name: Name
    named: bool
    age: Age | None
    occupation: Occupation | None
    interests: tuple[Interest, ...]
    tone: str | None
    group: str
    notes: tuple[Note, ...]
    pronoun_typed: bool = False
    pronoun_field: bool = False

    @property
    def stage(self) -> str:
        """Return "child", "teen", "adult" or "old", or "" if neither age nor occupation shows."""
        if self.age is not None:
            return stage_of(self.age.years)
        kinds = {"job": "adult", "state": "adult", "retired": "old"}
        return kinds.get(self.occupation.kind, "") if self.occupation else ""

    @property
    def tags(self) -> frozenset[str]:
        """Return the tags of the lexicon that apply to this person."""
        tags = {self.stage, self.group, "one" if len(self.interests) == 1 else "many"}
        tags.add("young" if self.stage in ("child", "teen") else "grown" if self.stage else "")
        if self.occupation is not None:
            tags.add(self.occupation.kind)
        return frozenset(tags - {""})


def fact_slots(person: Person) -> dict[str, str]:
    """Return the words for the slots that state the facts, and `after`: when free time begins."""
    facts = {"after": _after(person)}
    if person.age is not None:
        facts["age"] = person.age.text
        facts["age_next"] = str(person.age.years + 1)
    if person.occupation is not None:
        slot = "state" if person.occupation.kind == "state" else "occ"
        facts[slot] = person.occupation.text
        facts["former"] = person.occupation.text.removeprefix("retired ")
    return facts


def _after(person: Person) -> str:
    kind = person.occupation.kind if person.occupation else ""
    if person.stage == "child" or kind == "school":
        return "after school"
    return {"job": "after work", "study": "after class"}.get(kind, "in the evening")


def draw_person(random: Random) -> Person:
    """Return a random person; any fact may be missing, but not all of them."""
    while True:
        person = _attempt(random)
        if random.random() < 0.07:
            person = _with_one_fact(person, random)
        if person.named or person.age or person.occupation or person.interests or person.notes:
            return with_common_name(person, random)


def with_common_name(person: Person, random: Random) -> Person:
    """Return the person with a name from the lexicon, unless the form gives their name.

    Where the text makes up a name, it should be a common one.
    """
    if person.named:
        return person
    pronouns = person.name.pronouns
    first = random.choice(_names()[pronouns.subject])
    family = f" {random.choice(_names()['family'])}" if random.random() < 0.6 else ""
    return replace(person, name=Name(full=f"{first}{family}", short=first, pronouns=pronouns))


def _with_one_fact(person: Person, random: Random) -> Person:
    # Some forms have a single field. Pronouns that another field shows would then be unknown.
    if person.pronoun_typed or person.pronoun_field:
        return person
    kept = random.choice(("named", "age", "occupation", "interests", "notes"))
    empty: dict[str, Any] = {
        "named": False,
        "age": None,
        "occupation": None,
        "interests": (),
        "notes": (),
    }
    del empty[kept]
    return replace(person, tone=None, group="neutral", **empty)


def _attempt(random: Random) -> Person:
    years = _years(random)
    stage = stage_of(years)
    name = _name(random, stage)
    tone, group = draw_tone(random) if random.random() < 0.72 else (None, _default_group(random))
    interests = draw_interests(random, stage) if random.random() < 0.9 else ()
    notes = draw_notes(random, stage) if random.random() < 0.66 else ()
    shown = name.pronouns.plural and _show_pronouns(notes, interests)
    pronoun_typed = shown and random.random() < 0.45
    pronoun_field = not pronoun_typed and random.random() < 0.06
    if pronoun_typed or pronoun_field:
        name = replace(name, pronouns=PRONOUNS[random.choice(("she", "he", "they"))])
    if random.random() < 0.16:
        notes += draw_custom_fields(random, stage, others=notes)
    age = _age(random, years) if random.random() < 0.86 else None
    if age is None and 20 <= years <= 99 and random.random() < 0.3:
        notes = (draw_vague_age(years, random), *notes)
    return Person(
        name=name,
        named=random.random() < 0.93,
        age=age,
        occupation=draw_occupation(random, years, subject=name.pronouns.subject)
        if random.random() < 0.84
        else None,
        interests=interests,
        tone=tone,
        group=group,
        notes=notes,
        pronoun_typed=pronoun_typed,
        pronoun_field=pronoun_field,
    )


def _show_pronouns(notes: tuple[Note, ...], interests: tuple[Interest, ...]) -> bool:
    return any(note.takes_subject for note in notes) or any(
        one.takes_possessive for one in interests
    )


def draw_tone(random: Random) -> tuple[str, str]:
    """Return a tone in a visitor's words, and the group of sentences that has this tone."""
    group = random.choice(tuple(_tones()))
    synonyms = _tones()[group]
    text = group if random.random() < 0.4 else random.choice(synonyms)
    if random.random() < 0.08:
        other = random.choice(_tones()[random.choice(tuple(_tones()))])
        text = random.choice((f"{text} and {other}", f"{text}, {other}", f"a little {text}"))
    return text, group


def _default_group(random: Random) -> str:
    return random.choice(("neutral", "neutral", "warm"))


@cache
def _tones() -> dict[str, tuple[str, ...]]:
    return {group: entries("tones", group) for group in sections("tones") if group}


def _years(random: Random) -> int:
    low, high = random.choices(
        ((6, 12), (13, 19), (20, 64), (65, 99), (3, 110)), weights=(14, 14, 49, 20, 3)
    )[0]
    return random.randint(low, high)


def _age(random: Random, years: int) -> Age:
    in_words = years <= 99 and random.random() < 0.05
    return Age(years=years, text=number_in_words(years) if in_words else str(years))


# --- names ---------------------------------------------------------------------------------


@cache
def _names() -> dict[str, tuple[str, ...]]:
    return {
        section: tuple(name.replace("_", " ") for line in lines for name in line.split())
        for section, lines in sections("names").items()
        if section
    }


def _name(random: Random, stage: str) -> Name:
    key = random.choices(("she", "he", "they", "made up"), weights=(33, 33, 8, 26))[0]
    if key == "made up":
        pronouns = PRONOUNS["they"]
        first = invented_name(random)
    else:
        pronouns = PRONOUNS[key]
        first = random.choice(_names()[key])
    family = random.choice(_names()["family"])
    if random.random() < 0.3:
        family = invented_name(random).split()[0]
    style = random.random()
    if style < 0.04 and stage not in ("child", "teen"):
        return _titled(random, first if random.random() < 0.3 else family)
    if style < 0.08 and key != "made up":
        first, second = random.sample(_names()[key], 2)
        return Name(full=f"{first} {second} {family}", short=first, pronouns=pronouns)
    if style < 0.11:
        initial = random.choice("ABCDEFGHJKLMNPRSTVW")
        return Name(full=f"{first} {initial}. {family}", short=first, pronouns=pronouns)
    if style < 0.46:
        return Name(full=f"{first} {family}", short=first, pronouns=pronouns)
    return Name(full=first, short=first, pronouns=pronouns)


def _titled(random: Random, name: str) -> Name:
    key = random.choice(("she", "he", "they"))
    full = f"{random.choice(_names()[f'title {key}'])} {name}"
    return Name(full=full, short=full, pronouns=PRONOUNS[key])
