"""Chooses the traits and goals of a JSON persona: what somebody is like and wants.

Those stated in the notes come first. The others suit the tone, the stage of life, the occupation
and the interests, and contradict neither the notes nor each other.
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

__all__ = ["draw_goals", "draw_traits", "stated_goals", "stated_traits"]

# Words for the slot `lead` that introduce a wish, as in words.txt.
_WISHES = frozenset(
    {"[wants] to", "[hopes] to", "[plans] to", "[would] like to", "[would] love to"}
    | {"still [hopes] to", "really [wants] to", "[dreams] that one day {they} will"}
    | {"[intends] to", "[decided] to"}
)

# Inputs of notes that state a wish: the slot of its object, and the verb.
_WISH_INPUTS = {
    "[wants] to learn {language}": ("language", "learn"),
    "[plans] a trip to {country}": ("country", "travel to"),
    "[wants] to visit {country}": ("country", "visit"),
    "dream destination: {country}": ("country", "travel to"),
}

# Interests that are people or pets.
_KIN = frozenset(
    {"grandchildren", "family", "dog", "cat", "kids", "children", "friends", "wife", "husband"}
    | {"mother", "grandson", "nieces and nephews", "students", "two dogs", "three cats"}
    | {"granddaughters"}
)


def stated_traits(person: Person) -> tuple[str, ...]:
    """Return the traits that the notes state, as single words."""
    return tuple(_note_words(person, ("temper", "temper2")))


def stated_goals(person: Person) -> tuple[str, ...]:
    """Return the goals that the notes state, as phrases that start with a verb."""
    return tuple(goal for note in person.notes for goal in _goals_in(note))


def draw_traits(person: Person, random: Random) -> tuple[str, ...]:
    """Return two or three different traits, at most 24 characters each."""
    traits = list(stated_traits(person))
    used = {word for text in _texts(person) for word in _words(text)}
    count = 3 if random.random() < 0.6 else 2
    for section in _trait_sections(person, random):
        if len(traits) >= count:
            break
        suitable = [
            trait
            for trait in _entries("typed_traits", section)
            if all(_are_compatible(trait, one) for one in (*traits, *used))
        ]
        if suitable:
            traits.append(random.choice(suitable))
    return tuple(traits[:3])


def draw_goals(person: Person, random: Random, *, limit: int) -> tuple[str, ...]:
    """Return one or two different goals, at most `limit` characters each."""
    goals = [goal for goal in stated_goals(person) if len(goal) <= limit]
    count = 2 if random.random() < 0.7 else 1
    sources = [_occupation_goals, _interest_goals, _stage_goals]
    if goals or random.random() < 0.5:
        sources[0:2] = sources[1::-1]
    for source in sources:
        if len(goals) >= count:
            break
        suitable = [goal for goal in source(person, random) if _is_new(goal, person, goals, limit)]
        if suitable:
            goals.append(random.choice(suitable))
    return tuple(goals[:2])


# --- traits --------------------------------------------------------------------------------


def _trait_sections(person: Person, random: Random) -> Iterator[str]:
    first = person.group if person.tone is not None else person.stage or "neutral"
    others = [
        person.stage or "neutral",
        *_occupation_sections(person),
        *_interest_sections(person),
    ]
    random.shuffle(others)
    yield from (first, *others, "neutral", "neutral", "neutral")


def _are_compatible(first: str, second: str) -> bool:
    return first != second and second not in _incompatible().get(first, ())


@cache
def _incompatible() -> dict[str, frozenset[str]]:
    """Return for each trait those that no persona has beside it: synonyms and opposites."""
    found: dict[str, set[str]] = {}
    for line in sections("typed_traits")["alike"]:
        synonyms = _split(line)
        _exclude(synonyms, synonyms, found)
    for line in sections("typed_traits")["opposites"]:
        left, _, right = line.partition("|")
        _exclude(_split(left), _split(right), found)
        _exclude(_split(right), _split(left), found)
    return {trait: frozenset(others) for trait, others in found.items()}


def _exclude(traits: Iterable[str], others: Iterable[str], found: dict[str, set[str]]) -> None:
    for trait in traits:
        found.setdefault(trait, set()).update(others)


# --- goals ---------------------------------------------------------------------------------


def _occupation_goals(person: Person, random: Random) -> tuple[str, ...]:
    names = [name for name in _occupation_sections(person) if name]
    if person.stage in ("child", "teen") and "study" not in names:
        names = [f"school {person.stage}"]
    elif person.occupation is not None and person.occupation.kind in (
        "retired",
        "state",
        "pension",
    ):
        names = [person.occupation.kind]
    return tuple(goal for name in names for goal in _entries("typed_goals", name))


def _interest_goals(person: Person, random: Random) -> tuple[str, ...]:
    if not person.interests:
        return ()
    interest = random.choice(person.interests)
    family_goals = _entries("typed_goals", f"{family_of(interest)} likes")
    if family_goals and random.random() < 0.45:
        return family_goals
    phrase = interest.phrase(person.name.pronouns.possessive)
    section = _goal_section(interest)
    return tuple(goal.replace("{i}", phrase) for goal in _entries("typed_goals", section))


def _goal_section(interest: Interest) -> str:
    if not interest.takes_possessive:
        return "interest"
    return "interest kin" if interest.text in _KIN else "interest own"


def _stage_goals(person: Person, random: Random) -> tuple[str, ...]:
    return _entries("typed_goals", person.stage or "adult")


def _is_new(goal: str, person: Person, goals: list[str], limit: int) -> bool:
    if len(goal) > limit:
        return False
    others = [*goals, *(one.text for one in person.interests), *_texts(person)]
    # A goal must not repeat a word of the notes or of another goal.
    used = {word for text in others for word in _words(text) if len(word) > 4}
    fresh = _words(goal) - {word for one in person.interests for word in _words(one.text)}
    return used.isdisjoint(word for word in fresh if len(word) > 4)


# --- used for both -------------------------------------------------------------------------


def _occupation_sections(person: Person) -> tuple[str, ...]:
    if person.occupation is None:
        return ()
    category = category_of(person.occupation)
    return (category if _entries("typed_traits", category) else "any",)


def _interest_sections(person: Person) -> tuple[str, ...]:
    families = (family_of(interest) for interest in person.interests)
    return tuple(f"{family} likes" for family in families if family)


def _goals_in(note: Note) -> Iterator[str]:
    goal = note.values.get("goal")
    if goal is not None:
        yield goal.text
    if note.input.text in _WISH_INPUTS:
        slot, verb = _WISH_INPUTS[note.input.text]
        yield f"{verb} {note.values[slot].text}"
    task = note.values.get("any_task")
    lead = note.values.get("lead")
    if task is None or not _is_plain(task):
        return
    if note.field or (lead is not None and lead.text in _WISHES):
        yield task.text


def _is_plain(template: Template) -> bool:
    return not set(template.text) & set("{[(<")


def _note_words(person: Person, slots: tuple[str, ...]) -> Iterator[str]:
    for note in person.notes:
        for slot in slots:
            if slot in note.values:
                yield note.values[slot].text


def _texts(person: Person) -> list[str]:
    return [
        template.text
        for note in person.notes
        for template in (note.input, note.output, *note.values.values())
    ]


@lru_cache(maxsize=2**16)
def _words(text: str) -> frozenset[str]:
    return frozenset(word.strip(".,;:!?()[]<>|{}").lower() for word in text.split())


@cache
def _entries(file: str, section: str) -> tuple[str, ...]:
    return tuple(entry for line in sections(file).get(section, ()) for entry in _split(line))


def _split(line: str) -> tuple[str, ...]:
    return tuple(entry.strip() for entry in line.split(";") if entry.strip())
