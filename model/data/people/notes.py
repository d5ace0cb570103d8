"""Draws notes: facts beyond the usual fields, with several wordings and sentences for each.

A `Note` fills its slots once, so that the form and the persona agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from random import Random

from model.data.language.lexicon import NoteForm, note_forms, slot_words
from model.data.language.phrases import PHRASES
from model.data.language.template import Template, literal, parse_uncached

__all__ = ["Note", "bind", "draw_custom_fields", "draw_notes", "matching_outputs"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One fact: what the visitor types, the sentence that states it, and the words in both.

    `values` holds the words by slot. `field` is the custom field that the note is typed into, ""
    for the field "notes". For example

        input   "[has] a {pet} called {petname}"
        output  "a {pet} called {petname} keeps {them} company"
        values  {"pet": "cat", "petname": "Miso"}
    """

    input: Template
    output: Template
    values: dict[str, Template]
    keys: tuple[str, ...]
    field: str = ""

    @property
    def takes_subject(self) -> bool:
        """Return whether the input starts with a verb, so that "She" can go before it."""
        if self.field:
            return False
        first = self.input.text[1:].partition("}")[0]
        return self.input.text.startswith(_VERBAL) or first in _VERBAL_SLOTS


_VERBAL = ("[", "{lead", "{has_done", "{has_thing")
# Slots whose words start with a verb.
_VERBAL_SLOTS = frozenset(
    {
        *("act", "habit", "doing_lead", "often", "any_deed", "any_past", "mishap"),
        *("deed", "deed_young", "past_deed", "past_young"),
    }
)


def draw_notes(random: Random, stage: str) -> tuple[Note, ...]:
    """Return one to five different notes that suit the stage of life."""
    # Many notes are more frequent than visitors type them: each is easy to leave out.
    count = random.choices((1, 2, 3, 4, 5), weights=(26, 24, 21, 16, 13))[0]
    # Most people have mostly notes from the list, some mostly free clauses.
    clause_share = 0.22 if random.random() < 0.8 else 0.8
    files = ["clauses" if random.random() < clause_share else "notes" for _ in range(count)]
    return _draw_different(random, stage, files)


def draw_custom_fields(random: Random, stage: str, *, others: tuple[Note, ...]) -> tuple[Note, ...]:
    """Return up to three facts in custom fields, on other topics than the notes `others`."""
    count = random.choices((1, 2, 3), weights=(60, 28, 12))[0]
    return _draw_different(random, stage, ["extras"] * count, others=others)


def _draw_different(
    random: Random, stage: str, files: list[str], *, others: tuple[Note, ...] = ()
) -> tuple[Note, ...]:
    excluded_stage = "grown" if stage in ("child", "teen") else "young"
    topics = _topics_of(others)
    notes: list[Note] = []
    used_words: set[str] = set()
    for file in files:
        forms = _forms(file, excluded_stage)
        form = random.choices(forms, weights=[one.weight for one in forms])[0]
        if form.topic in topics:
            continue
        note = _filled(form, random)
        words = {value.text for value in note.values.values()}
        if used_words & words:
            continue
        used_words |= words
        if form.weight == 1:
            topics.add(form.topic)
        notes.append(note)
    return tuple(notes)


def _topics_of(notes: tuple[Note, ...]) -> set[str]:
    outputs = {note.output.text for note in notes}
    return {
        form.topic
        for form in (*_forms("notes", ""), *_forms("clauses", ""))
        if outputs and any(line.text in outputs for line in form.outputs)
    }


@cache
def _forms(file: str, excluded_stage: str) -> tuple[NoteForm, ...]:
    return tuple(
        form for form in note_forms(file) if not excluded_stage or form.stage != excluded_stage
    )


def _filled(form: NoteForm, random: Random) -> Note:
    typed = random.choice(form.inputs)
    values: dict[str, Template] = {}
    bind(typed, values, random)
    output = random.choice(matching_outputs(form, typed, values))
    field = random.choice(form.fields) if form.fields else ""
    return Note(input=typed, output=output, values=values, keys=form.keys, field=field)


def matching_outputs(
    form: NoteForm, typed: Template, values: dict[str, Template]
) -> list[Template]:
    """Return the outputs that the bound `values` can fill.

    If some of them state every slot of the input `typed`, return only these: what the visitor
    types must not get lost.
    """
    possible = [line for line in form.outputs if line.slots - _SPEAKER_SLOTS <= values.keys()]
    slots = [f"{{{name}}}" for name in typed.slots - _SPEAKER_SLOTS]
    return [line for line in possible if all(slot in line.text for slot in slots)] or possible


# Slots that the speaker fills, not the note.
_SPEAKER_SLOTS = frozenset({"S", "they", "them", "their", "themself", "name", "full"})


def bind(template: Template, values: dict[str, Template], random: Random) -> None:
    """Choose words for every slot of `template`, and for the slots inside those words.

    The choices are added to `values`; what is there already stays. Slots that differ in a number
    only, as `city` and `city2`, get different words from one list.
    """
    for name in sorted(template.slots - _SPEAKER_SLOTS):
        if name in values:
            continue
        taken = {value.text for value in values.values()}
        value = _draw_words(name, random)
        while value.text in taken:
            value = _draw_words(name, random)
        values[name] = value
        bind(value, values, random)


def _draw_words(name: str, random: Random) -> Template:
    name = name.rstrip("0123456789")
    if name not in PHRASES:
        return random.choice(slot_words(name))
    text = PHRASES[name](random)
    return parse_uncached(text) if set(text) & set("{[") else literal(text)
