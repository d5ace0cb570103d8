"""Plans the paragraph about a person: which sentences, in which order, up to which length.

The first theme is where the person comes from. Work or school, free time, home and character
follow in one of a few natural orders, each with the notes that belong to it, and hopes come last.
`paragraph` chooses the sentences themselves.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from random import Random

from model.data.people.interests import Interest
from model.data.people.notes import Note
from model.data.people.person import Person

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
        starts_topic: Whether it is the first sentence about its theme.
    """

    kind: str
    notes: tuple[Note, ...] = ()
    interests: tuple[Interest, ...] = ()
    required: bool = False
    starts_topic: bool = False


# The theme of a note, by words of its output template; the first match counts.
_THEMES = {
    "end": r"\{goal\}|\{wish\}|\bgoal is\b|\[wants\] to <|trip to|hopes? for",
    "who": r"\{decade\}|comes\] from|grew\b|moved from|move from|home town|\{S\} \[is\] from",
    "work": r"\{any_company\}|nights|part-time|\{past_job\}|\{shopname\}|\{any_role\}|studied",
    "character": r"\{trait\}|\{temper\}|\{quality\}|\{fear\}|\{dislike\}|\{belief\}|motto|\{hair\}"
    r"|\{colour\}|\{clothing\}|afraid|does not\] like",
    "home": r"\[lives\]|home is|\{pet|\{kids\}|\{relation|siblings|married|\{vehicle\}|\{person"
    r"|lived in|\{diet\}|[Ss]leeps",
    "free": r"\[collects\]|\[plays\]|\{dish\}|\{fan\}|\{skill\}|\{pastime\}|\{favourite\}|hobby"
    r"|good at|favourite|\{drink\}|\{cause\}|shelves|travelled|trip through|\[likes\]",
}

_ORDERS = (
    ("who", "work", "free", "home", "character", "other", "end"),
    ("who", "work", "free", "other", "home", "character", "end"),
    ("who", "character", "work", "home", "free", "other", "end"),
    ("who", "character", "work", "other", "free", "home", "end"),
    ("who", "work", "home", "other", "free", "character", "end"),
    ("who", "work", "character", "other", "home", "free", "end"),
)

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
    blocks: dict[str, list[Step]] = {theme: [] for theme in _ORDERS[0]}
    for note in person.notes:
        blocks[_theme(note)].append(Step(kind="note", notes=(note,), required=True))
    for steps in blocks.values():
        steps[:] = _paired(steps, random)
    blocks["free"][:0] = [] if interests_listed else _interest_steps(person, random)
    brief = person.group == "brief"
    target = random.randint(30, 40) if brief else random.randint(66, 92)
    words = words_so_far + sum(_length(step) for steps in blocks.values() for step in steps)
    for kind in _optional_kinds(person, random):
        if words >= target - _OPTIONAL_WORDS // 2:
            break
        words += _OPTIONAL_WORDS - 4 * brief
        _insert(Step(kind=kind), blocks)
    return [
        replace(step, starts_topic=not place)
        for theme in random.choice(_ORDERS)
        for place, step in enumerate(blocks[theme])
    ]


def _theme(note: Note) -> str:
    for theme, pattern in _THEMES.items():
        if re.search(pattern, note.output.text):
            return theme
    return "other"


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


_THEME_OF_KIND = {"work": "work", "trait": "character", "life": "home", "closing": "end"}


def _insert(step: Step, blocks: dict[str, list[Step]]) -> None:
    if step.kind == "closing":
        blocks["end"].append(step)
    elif step.kind != "detail":
        # A general sentence introduces its theme, and the notes add the particulars.
        blocks[_THEME_OF_KIND[step.kind]].insert(0, step)
    else:
        free = blocks["free"]
        place = sum(one.kind in ("interests", "interests rest", "detail") for one in free)
        free.insert(place, step)


def _length(step: Step) -> int:
    words = sum(len(one.text.split()) for one in step.interests)
    words += sum(len(value.text.split()) for note in step.notes for value in note.values.values())
    return words + 5 * max(len(step.notes), 1)
