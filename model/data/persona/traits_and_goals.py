"""What a person is like and wants: the traits and goals of a typed persona.

What the notes say of either comes first; the rest suits the tone, the stage of life, the
occupation and the interests, and nothing in it contradicts the notes or itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from random import Random

from model.data.language.lexicon import sections
from model.data.language.template import Template
from model.data.people.completing import category_of, family_of
from model.data.people.interests import Interest
from model.data.people.notes import Note
from model.data.people.person import Person

__all__ = ["given_goals", "given_traits", "some_goals", "some_traits"]

# How a note begins that tells of a wish, as `words.txt` has it.
_WISHES = frozenset(
    {"[wants] to", "[hopes] to", "[plans] to", "[would] like to", "[would] love to"}
    | {"still [hopes] to", "really [wants] to", "[dreams] that one day {they} will"}
    | {"[intends] to", "[decided] to"}
)

# Notes of a wish that has its own wording: the slot, and what is wished for.
_WISHED = {
    "[wants] to learn {language}": ("language", "learn"),
    "[plans] a trip to {country}": ("country", "travel to"),
    "[wants] to visit {country}": ("country", "visit"),
    "dream destination: {country}": ("country", "travel to"),
}

_KIN = frozenset(
    {"grandchildren", "family", "dog", "cat", "kids", "children", "friends", "wife", "husband"}
    | {"mother", "grandson", "nieces and nephews", "students", "two dogs", "three cats"}
    | {"granddaughters"}
)


def given_traits(person: Person) -> tuple[str, ...]:
    """Return what the notes say the person is like, in single words."""
    return tuple(_said(person, ("temper", "temper2")))


def given_goals(person: Person) -> tuple[str, ...]:
    """Return what the notes say the person wants, as phrases that start with a verb."""
    return tuple(goal for note in person.notes for goal in _wished(note))


def some_traits(person: Person, random: Random) -> tuple[str, ...]:
    """Return two or three different traits, at most 24 characters each."""
    traits = list(given_traits(person))
    told = {word for text in _texts(person) for word in _words(text)}
    count = 3 if random.random() < 0.6 else 2
    for section in _trait_sections(person, random):
        if len(traits) >= count:
            break
        able = [
            trait
            for trait in _pool("typed_traits", section)
            if all(_go_together(trait, one) for one in (*traits, *told))
        ]
        if able:
            traits.append(random.choice(able))
    return tuple(traits[:3])


def some_goals(person: Person, random: Random, *, limit: int) -> tuple[str, ...]:
    """Return one or two different goals, at most `limit` characters each."""
    goals = [goal for goal in given_goals(person) if len(goal) <= limit]
    count = 2 if random.random() < 0.7 else 1
    makers = [_by_occupation, _by_interest, _by_stage]
    if goals or random.random() < 0.5:
        makers[0:2] = makers[1::-1]
    for make in makers:
        if len(goals) >= count:
            break
        able = [goal for goal in make(person, random) if _is_new(goal, person, goals, limit)]
        if able:
            goals.append(random.choice(able))
    return tuple(goals[:2])


# --- traits --------------------------------------------------------------------------------


def _trait_sections(person: Person, random: Random) -> Iterator[str]:
    groups = [person.group if person.tone is not None else person.stage or "neutral"]
    others = [person.stage or "neutral", *_occupation_sections(person), *_families(person)]
    random.shuffle(others)
    yield from (*groups, *others, "neutral", "neutral", "neutral")


def _go_together(first: str, second: str) -> bool:
    return first != second and second not in _apart().get(first, ())


@cache
def _apart() -> dict[str, frozenset[str]]:
    """Return for each trait those that stand beside it in no persona."""
    found: dict[str, set[str]] = {}
    for line in sections("typed_traits")["alike"]:
        words = _entries(line)
        _separate(words, words, found)
    for line in sections("typed_traits")["opposites"]:
        left, _, right = line.partition("|")
        _separate(_entries(left), _entries(right), found)
        _separate(_entries(right), _entries(left), found)
    return {word: frozenset(others) for word, others in found.items()}


def _separate(some: Iterable[str], others: Iterable[str], found: dict[str, set[str]]) -> None:
    for one in some:
        found.setdefault(one, set()).update(others)


# --- goals ---------------------------------------------------------------------------------


def _by_occupation(person: Person, random: Random) -> tuple[str, ...]:
    sections_ = [section for section in _occupation_sections(person) if section]
    if person.stage in ("child", "teen") and "study" not in sections_:
        sections_ = [f"school {person.stage}"]
    elif person.occupation is not None and person.occupation.kind in (
        "retired",
        "state",
        "pension",
    ):
        sections_ = [person.occupation.kind]
    return tuple(goal for one in sections_ for goal in _pool("typed_goals", one))


def _by_interest(person: Person, random: Random) -> tuple[str, ...]:
    if not person.interests:
        return ()
    interest = random.choice(person.interests)
    family = _pool("typed_goals", f"{family_of(interest)} likes")
    if family and random.random() < 0.45:
        return family
    said = interest.said(person.name.pronouns.possessive)
    return tuple(goal.replace("{i}", said) for goal in _pool("typed_goals", _about(interest)))


def _about(interest: Interest) -> str:
    if not interest.own:
        return "interest"
    return "interest kin" if interest.text in _KIN else "interest own"


def _by_stage(person: Person, random: Random) -> tuple[str, ...]:
    return _pool("typed_goals", person.stage or "adult")


def _is_new(goal: str, person: Person, goals: list[str], limit: int) -> bool:
    if len(goal) > limit:
        return False
    others = [*goals, *(one.text for one in person.interests), *_texts(person)]
    # What the notes or another goal speak of is not wished for in other words.
    known = {word for text in others for word in _words(text) if len(word) > 4}
    fresh = _words(goal) - {word for one in person.interests for word in _words(one.text)}
    return known.isdisjoint(word for word in fresh if len(word) > 4)


# --- what both look at ---------------------------------------------------------------------


def _occupation_sections(person: Person) -> tuple[str, ...]:
    if person.occupation is None:
        return ()
    category = category_of(person.occupation)
    return (category if _pool("typed_traits", category) else "any",)


def _families(person: Person) -> tuple[str, ...]:
    return tuple(family for one in person.interests if (family := _likes(one)))


def _likes(interest: Interest) -> str:
    family = family_of(interest)
    return f"{family} likes" if family else ""


def _wished(note: Note) -> Iterator[str]:
    goal = note.values.get("goal")
    if goal is not None:
        yield goal.text
    if note.typed.text in _WISHED:
        slot, wish = _WISHED[note.typed.text]
        yield f"{wish} {note.values[slot].text}"
    task = note.values.get("any_task")
    lead = note.values.get("lead")
    if task is None or not _is_plain(task):
        return
    if note.field or (lead is not None and lead.text in _WISHES):
        yield task.text


def _is_plain(template: Template) -> bool:
    return not set(template.text) & set("{[(<")


def _said(person: Person, slots: tuple[str, ...]) -> Iterator[str]:
    for note in person.notes:
        for slot in slots:
            if slot in note.values:
                yield note.values[slot].text


def _texts(person: Person) -> list[str]:
    return [
        text.text
        for note in person.notes
        for text in (note.typed, note.told, *note.values.values())
    ]


@lru_cache(maxsize=2**16)
def _words(text: str) -> frozenset[str]:
    return frozenset(word.strip(".,;:!?()[]<>|{}").lower() for word in text.split())


@cache
def _pool(file: str, section: str) -> tuple[str, ...]:
    return tuple(entry for line in sections(file).get(section, ()) for entry in _entries(line))


def _entries(line: str) -> tuple[str, ...]:
    return tuple(entry.strip() for entry in line.split(";") if entry.strip())
