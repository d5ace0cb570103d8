"""Plans the paragraph about a person: which sentences, in which order, up to which length.

After the opening come work or school, the interests and the notes, and hopes come last. Notes keep
the order of the form: then each is the one after that which was stated last, and a small model
does not have to find out which ones are still missing. `paragraph` chooses the sentences.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from random import Random

from model.data.people.interests import Interest
from model.data.people.notes import Note
from model.data.people.person import Person
from model.data.people.vague_age import vague_age_of

__all__ = ["Step", "plan_steps"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One sentence of the plan.

    Attributes:
        kind: "note", "interests", "interests rest" (those after the first two), "detail" (about
            one interest), or a section of sentences: "work", "trait", "life", "closing".
        notes: One or two notes to state.
        interests: The interests to list.
        required: Whether it states something that the form gives.
        starts_topic: Whether the sentence before it is of another kind.
    """

    kind: str
    notes: tuple[Note, ...] = ()
    interests: tuple[Interest, ...] = ()
    required: bool = False
    starts_topic: bool = False


# How often the interests come before the notes, as they do in most forms.
_INTERESTS_FIRST = 0.7

# Words of an average optional sentence; used to estimate the length only.
_OPTIONAL_WORDS = 11


def plan_steps(
    person: Person, random: Random, *, words_so_far: int, interests_listed: bool
) -> list[Step]:
    """Return the steps after the opening sentences.

    `words_so_far` is the number of words in these; `interests_listed` says that they contain the
    interests. Optional sentences are added until the paragraph has 66 to 92 words, or 30 to 40 in
    a brief tone.
    """
    # An age such as "in her forties" is a note, typed where the age is.
    age = vague_age_of(person.notes)
    notes = [_note_step(note) for note in person.notes if note is not age]
    parts = [_paired(notes, random), [] if interests_listed else _interest_steps(person, random)]
    if random.random() < _INTERESTS_FIRST:
        parts.reverse()
    steps = [*([_note_step(age)] if age else []), *parts[0], *parts[1]]
    brief = person.group == "brief"
    target = random.randint(30, 40) if brief else random.randint(66, 92)
    words = words_so_far + sum(map(_length, steps))
    for kind in _optional_kinds(person, random):
        if words >= target - _OPTIONAL_WORDS // 2:
            break
        words += _OPTIONAL_WORDS - 4 * brief
        steps.insert(_place(kind, steps, random), Step(kind=kind))
    kinds = ["", *(step.kind for step in steps)]
    return [
        replace(step, starts_topic=step.kind != before)
        for step, before in zip(steps, kinds, strict=False)
    ]


def _note_step(note: Note) -> Step:
    return Step(kind="note", notes=(note,), required=True)


def _paired(steps: list[Step], random: Random) -> list[Step]:
    paired: list[Step] = []
    for step in steps:
        if paired and len(paired[-1].notes) == 1 and random.random() < 0.5:
            paired[-1] = replace(step, notes=paired[-1].notes + step.notes)
        else:
            paired.append(step)
    return paired


def _interest_steps(person: Person, random: Random) -> list[Step]:
    interests = person.interests
    if not interests:
        return []
    if len(interests) < 3 or random.random() < 0.6:
        return [Step(kind="interests", interests=interests, required=True)]
    return [
        Step(kind="interests", interests=interests[:2], required=True),
        Step(kind="interests rest", interests=interests[2:], required=True),
    ]


def _optional_kinds(person: Person, random: Random) -> list[str]:
    """Return kinds of optional sentences, the most useful ones first."""
    details = ["detail"] * min(len(person.interests), 2)
    if person.group == "brief":
        kinds = ["work", "trait", "closing", *details[:1]]
        random.shuffle(kinds)
    else:
        early = ["work", "trait", "life", *details[:1]]
        late = ["closing", "closing", *details[1:], "work", "trait", "life"]
        random.shuffle(early)
        random.shuffle(late)
        kinds = [*early[:2], *random.sample([*early[2:], "closing"], len(early[2:]) + 1), *late]
    if _describes_character(person):
        kinds = [kind for kind in kinds if kind != "trait"]
    return _limited(kinds)


def _describes_character(person: Person) -> bool:
    # Sentences about character could contradict such a note.
    return any(re.search(r"\{(trait|temper)", note.output.text) for note in person.notes)


def _limited(kinds: list[str]) -> list[str]:
    # One closing sentence is enough, and more than two sentences of a kind read like a list.
    most = {"closing": 1}
    return [
        kind for place, kind in enumerate(kinds) if kinds[:place].count(kind) < most.get(kind, 2)
    ]


def _place(kind: str, steps: list[Step], random: Random) -> int:
    """Return the index at which an optional sentence is inserted."""
    kinds = [step.kind for step in steps]
    if kind == "closing":
        return len(steps)
    after_work = kinds.count("work")  # these come first
    if kind == "work":
        return after_work
    if kind == "detail":
        about = [at for at, one in enumerate(kinds) if one in _ABOUT_INTERESTS]
        return about[-1] + 1 if about else after_work
    return random.randint(after_work, len(steps) - kinds.count("closing"))


_ABOUT_INTERESTS = ("interests", "interests rest", "detail")


def _length(step: Step) -> int:
    words = sum(len(one.text.split()) for one in step.interests)
    words += sum(len(value.text.split()) for note in step.notes for value in note.values.values())
    return words + 5 * max(len(step.notes), 1)
