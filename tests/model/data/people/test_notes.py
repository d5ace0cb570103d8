"""Notes: every wording of a fact has a sentence that states all of it."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from model.data.language.lexicon import note_forms, slot_words
from model.data.language.template import Template, parse
from model.data.people.notes import bind, draw_notes, matching_outputs

_SPEAKER_SLOTS = {"S", "they", "them", "their", "themself", "name", "full"}


@pytest.mark.parametrize("file", ["notes", "clauses", "extras"])
def test_every_input_of_a_note_has_an_output(file: str) -> None:
    random = Random(3)
    for form in note_forms(file):
        assert form.outputs
        assert bool(form.fields) == (file == "extras")
        for typed in form.inputs:
            values: dict[str, Template] = {}
            bind(typed, values, random)
            speaker_slots = {"S", "they", "them", "their", "themself"}
            assert any(line.slots - speaker_slots <= values.keys() for line in form.outputs), (
                typed.text
            )


def test_every_output_of_a_note_states_all_slots_of_the_input() -> None:
    for form in (*note_forms(), *note_forms("extras"), *note_forms("clauses")):
        for typed in form.inputs:
            values: dict[str, Template] = {}
            bind(typed, values, Random(0))
            outputs = matching_outputs(form, typed, values)
            assert outputs, f"no sentence for {typed.text!r}"
            for output in outputs:
                stated = output.slots | optional_slots(output)
                assert typed.slots - _SPEAKER_SLOTS <= stated, (typed.text, output.text)


def optional_slots(template: Template) -> set[str]:
    inner = template.text.split("<")[1:]
    return {name for part in inner for name in parse(part.split(">")[0]).slots}


def test_numbered_slots_get_different_words_of_one_list() -> None:
    values: dict[str, Template] = {}
    bind(parse("from {city} to {city2}"), values, Random(1))
    assert values["city"].text != values["city2"].text
    assert values["city"] in slot_words("city")


def test_people_have_one_note_or_many() -> None:
    random = Random(5)
    counts = Counter(len(draw_notes(random, "adult")) for _ in range(2000))
    assert counts[1] > 400
    assert counts[3] > 300
    assert counts[4] + counts[5] > 300
