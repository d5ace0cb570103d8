"""Free notes: facts with several ways to type them and sentences that use them.

A `Note` has its slots filled once, so that what the visitor types and what the text says agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from random import Random

from model.data.language.lexicon import NoteForm, note_forms, pool
from model.data.language.phrases import PHRASES
from model.data.language.template import Template, literal, parse_once

__all__ = ["Note", "bind", "own_fields", "some_notes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One fact: the wording typed in, the sentence it becomes, and the words behind the slots.

    `field` is the field of its own that it stands in, "" for the notes.
    """

    typed: Template
    told: Template
    values: dict[str, Template]
    keys: tuple[str, ...]
    field: str = ""

    @property
    def takes_subject(self) -> bool:
        """Return whether the typed wording starts with a verb, so that "She" can go before it."""
        if self.field:
            return False
        first = self.typed.text[1:].partition("}")[0]
        return self.typed.text.startswith(_VERBAL) or first in _VERBAL_SLOTS


_VERBAL = ("[", "{lead", "{has_done", "{has_thing")
# Slots whose words start with a verb.
_VERBAL_SLOTS = frozenset(
    {
        *("act", "habit", "doing_lead", "often", "any_deed", "any_past", "mishap"),
        *("deed", "deed_young", "past_deed", "past_young"),
    }
)


def some_notes(random: Random, stage: str) -> tuple[Note, ...]:
    """Return one to five different notes that suit the stage of life."""
    count = random.choices((1, 2, 3, 4, 5), weights=(38, 28, 19, 10, 5))[0]
    wild = 0.22 if random.random() < 0.8 else 0.8
    files = ["clauses" if random.random() < wild else "notes" for _ in range(count)]
    return _different(random, stage, files)


def own_fields(random: Random, stage: str, *, besides: tuple[Note, ...]) -> tuple[Note, ...]:
    """Return one to three facts that stand in fields of their own."""
    count = random.choices((1, 2, 3), weights=(60, 28, 12))[0]
    return _different(random, stage, ["extras"] * count, besides=besides)


def _different(
    random: Random, stage: str, files: list[str], *, besides: tuple[Note, ...] = ()
) -> tuple[Note, ...]:
    refused = "grown" if stage in ("child", "teen") else "young"
    told = {note.told.text for note in besides}
    topics = {
        form.topic
        for form in (*_forms("notes", ""), *_forms("clauses", ""))
        if told and any(line.text in told for line in form.outputs)
    }
    notes: list[Note] = []
    said: set[str] = set()
    for file in files:
        forms = _forms(file, refused)
        form = random.choices(forms, weights=[one.weight for one in forms])[0]
        if form.topic in topics:
            continue
        note = _filled(form, random)
        words = {value.text for value in note.values.values()}
        if said & words:
            continue
        said |= words
        if form.weight == 1:
            topics.add(form.topic)
        notes.append(note)
    return tuple(notes)


@cache
def _forms(file: str, refused: str) -> tuple[NoteForm, ...]:
    return tuple(form for form in note_forms(file) if not refused or form.stage != refused)


def _filled(form: NoteForm, random: Random) -> Note:
    typed = random.choice(form.inputs)
    values: dict[str, Template] = {}
    bind(typed, values, random)
    told = random.choice(_telling(form, typed, values))
    field = random.choice(form.fields) if form.fields else ""
    return Note(typed=typed, told=told, values=values, keys=form.keys, field=field)


def _telling(form: NoteForm, typed: Template, values: dict[str, Template]) -> list[Template]:
    # What is typed must be told: the sentences that have all its slots, where there are any.
    possible = [line for line in form.outputs if line.slots - _VOICE <= values.keys()]
    asked = [f"{{{name}}}" for name in typed.slots - _VOICE]
    return [line for line in possible if all(slot in line.text for slot in asked)] or possible


# Slots that the speaker fills, not the fact.
_VOICE = frozenset({"S", "they", "them", "their", "themself", "name", "full"})


def bind(template: Template, values: dict[str, Template], random: Random) -> None:
    """Choose a word for every slot of `template`, and for the slots inside those words.

    `values` gets the choices; what it already has stays. The slots city and city2 come from the
    same list and differ.
    """
    for name in sorted(template.slots - _VOICE):
        if name in values:
            continue
        taken = {value.text for value in values.values()}
        value = _drawn(name, random)
        while value.text in taken:
            value = _drawn(name, random)
        values[name] = value
        bind(value, values, random)


def _drawn(name: str, random: Random) -> Template:
    name = name.rstrip("0123456789")
    if name not in PHRASES:
        return random.choice(pool(name))
    text = PHRASES[name](random)
    return parse_once(text) if set(text) & set("{[") else literal(text)
