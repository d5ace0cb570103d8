"""Plans the paragraph about a person: what is told, in which order, and about how much.

Order: who it is, then in one of a few natural orders work or school, free time, home and
character, each with the notes that belong there, and at last hopes and an end. The words are the
business of `writing`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from random import Random

from model.data.people.interests import Interest
from model.data.people.notes import Note
from model.data.people.person import Person

__all__ = ["Step", "describes_character", "planned"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One sentence to come: of a section of the lexicon, about interests, or telling notes.

    `needed` says that it tells something given; `first` that a new subject begins with it.
    """

    kind: str
    notes: tuple[Note, ...] = ()
    listed: tuple[Interest, ...] = ()
    needed: bool = False
    first: bool = False


# What a note is about, by the words of the sentence that tells it; the first that fits counts.
_THEMES = {
    "end": r"\{goal\}|\{wish\}|\bgoal is\b|\[wants\] to <|trip to|hopes? for",
    "who": r"comes\] from|grew\b|moved from|move from|home town|\{S\} \[is\] from",
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

# Words that an optional sentence usually has; only the aim depends on it.
_USUAL = 11


def planned(person: Person, random: Random, *, said: int, listed: bool) -> list[Step]:
    """Return the steps after the opening and the facts that it left over.

    `said` is the number of words so far; `listed` says that they contain the interests.
    """
    blocks: dict[str, list[Step]] = {theme: [] for theme in _ORDERS[0]}
    for note in person.notes:
        blocks[_theme(note)].append(Step(kind="note", notes=(note,), needed=True))
    for steps in blocks.values():
        steps[:] = _paired(steps, random)
    blocks["free"][:0] = [] if listed else _interests(person, random)
    brief = person.group == "brief"
    aim = random.randint(30, 40) if brief else random.randint(66, 92)
    words = said + sum(_length(step) for steps in blocks.values() for step in steps)
    for kind in _wishes(person, random):
        if words >= aim - _USUAL // 2:
            break
        words += _USUAL - 4 * brief
        _insert(Step(kind=kind), blocks)
    return [
        replace(step, first=not place)
        for theme in random.choice(_ORDERS)
        for place, step in enumerate(blocks[theme])
    ]


def describes_character(person: Person) -> bool:
    """Return whether a note says what somebody is like, which other sentences could contradict."""
    return any(re.search(r"\{(trait|temper)", note.told.text) for note in person.notes)


def _theme(note: Note) -> str:
    for theme, words in _THEMES.items():
        if re.search(words, note.told.text):
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


def _interests(person: Person, random: Random) -> list[Step]:
    listed = person.interests
    if not listed:
        return []
    if len(listed) < 3 or random.random() < 0.6:
        return [Step(kind="interests", listed=listed, needed=True)]
    return [
        Step(kind="interests", listed=listed[:2], needed=True),
        Step(kind="interests rest", listed=listed[2:], needed=True),
    ]


def _wishes(person: Person, random: Random) -> list[str]:
    details = ["detail"] * min(len(person.interests), 2)
    if person.group == "brief":
        wishes = ["work", "trait", "closing", *details[:1]]
        random.shuffle(wishes)
    else:
        early = ["work", "trait", "life", *details[:1]]
        late = ["closing", "closing", *details[1:], "work", "trait", "life"]
        random.shuffle(early)
        random.shuffle(late)
        wishes = [*early[:2], *random.sample([*early[2:], "closing"], len(early[2:]) + 1), *late]
    if describes_character(person):
        wishes = [kind for kind in wishes if kind != "trait"]
    return _thinned(wishes)


def _thinned(wishes: list[str]) -> list[str]:
    # One end is enough, and more than two sentences of a kind read like a list.
    most = {"closing": 1}
    return [
        kind for place, kind in enumerate(wishes) if wishes[:place].count(kind) < most.get(kind, 2)
    ]


_PLACES = {"work": "work", "trait": "character", "life": "home", "closing": "end"}


def _insert(step: Step, blocks: dict[str, list[Step]]) -> None:
    if step.kind == "closing":
        blocks["end"].append(step)
    elif step.kind != "detail":
        # A general sentence opens its subject; the notes make it particular.
        blocks[_PLACES[step.kind]].insert(0, step)
    else:
        free = blocks["free"]
        place = sum(one.kind in ("interests", "interests rest", "detail") for one in free)
        free.insert(place, step)


def _length(step: Step) -> int:
    words = sum(len(one.text.split()) for one in step.listed)
    words += sum(len(value.text.split()) for note in step.notes for value in note.values.values())
    return words + 5 * max(len(step.notes), 1)
