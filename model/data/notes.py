"""Free notes: facts with several ways to type them and sentences that use them.

A `Note` has its slots filled once, so that what the visitor types and what the text says agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from random import Random

from model.data.lexicon import NoteForm, note_forms, pool
from model.data.template import Template

__all__ = ["Note", "bind", "some_notes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One fact: the wording typed in, the sentence it becomes, and the words behind the slots."""

    typed: Template
    told: Template
    values: dict[str, Template]
    keys: tuple[str, ...]

    @property
    def takes_subject(self) -> bool:
        """Return whether the typed wording starts with a verb, so that "She" can go before it."""
        return self.typed.text.startswith(("[", "{act}", "{habit}"))


def some_notes(random: Random, stage: str) -> tuple[Note, ...]:
    """Return one to three different notes that suit the stage of life."""
    count = random.choices((1, 2, 3), weights=(50, 36, 14))[0]
    forms = random.sample(_forms("grown" if stage in ("child", "teen") else "young"), count)
    return tuple(_filled(form, random) for form in forms)


@cache
def _forms(refused: str) -> tuple[NoteForm, ...]:
    return tuple(form for form in note_forms() if form.stage != refused)


def _filled(form: NoteForm, random: Random) -> Note:
    typed = random.choice(form.inputs)
    values: dict[str, Template] = {}
    bind(typed, values, random)
    told = random.choice([line for line in form.outputs if line.slots - _VOICE <= values.keys()])
    return Note(typed=typed, told=told, values=values, keys=form.keys)


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
        entries = pool(name.rstrip("0123456789"))
        taken = {value.text for value in values.values()}
        value = random.choice(entries)
        while value.text in taken:
            value = random.choice(entries)
        values[name] = value
        bind(value, values, random)
