"""The template language, and that every template of the lexicon can be read and said."""

from __future__ import annotations

from random import Random

import pytest

from model.data.language.lexicon import _GROUPS, lines, note_forms, pool, sections
from model.data.language.template import Template, TemplateError, expand, parse
from model.data.people.notes import _telling, bind
from model.data.people.occupations import listed_jobs

_SENTENCES = [f"sentences/{name}" for name in ("opening", "interests", "trait", "life", "closing")]
_VOICE = {"S", "they", "them", "their", "themself", "name", "full"}
_FACTS = {"age", "age_next", "occ", "state", "former", "list", "i", "after"}


class Echo:
    """Says slots and verbs in capitals."""

    def slot(self, name: str) -> str:
        return name.upper()

    def verb(self, verb: str) -> str:
        return verb.upper()

    def has(self, name: str) -> bool:
        return name == "known"


def said(text: str, seed: int = 0) -> str:
    return expand(parse(text), speaker=Echo(), random=Random(seed))


def test_each_part_is_expanded() -> None:
    assert said("one {two} [three]< {known}>< {unknown}>.") == "one TWO THREE KNOWN."


def test_choices_nest_and_may_be_empty() -> None:
    wordings = {said("a(|b(c|d))", seed) for seed in range(50)}
    assert wordings == {"a", "abc", "abd"}


def test_needed_slots_leave_out_optional_ones() -> None:
    assert parse("{a} (b|{c}) <{d}>").slots == {"a", "c"}


@pytest.mark.parametrize("broken", ["(a|b", "a)", "{slot", "[verb", "<a", "a]"])
def test_broken_template_is_refused(broken: str) -> None:
    with pytest.raises(TemplateError, match="in the template"):
        parse(broken)


@pytest.mark.parametrize("file", [*_SENTENCES, "work", "summary"])
def test_sentences_use_known_slots_only(file: str) -> None:
    for section in filter(None, sections(file)):
        for line in lines(file, section):
            assert line.template.slots <= _VOICE | _FACTS, line.template.text


@pytest.mark.parametrize("file", [*_SENTENCES, "work", "summary", "interests"])
def test_verbs_agree_only_with_a_subject_before_them(file: str) -> None:
    for entries in filter(None, sections(file).values()):
        for text in " | ".join(entries).split(" | "):
            before = text.partition("[")[0]
            assert before == text or any(
                subject in before for subject in ("{S}", "{they}", "{full}")
            ), text


def test_each_note_tells_all_that_was_typed() -> None:
    for form in (*note_forms(), *note_forms("extras"), *note_forms("clauses")):
        for typed in form.inputs:
            values: dict[str, Template] = {}
            bind(typed, values, Random(0))
            able = _telling(form, typed, values)
            assert able, f"no sentence for {typed.text!r}"
            for told in able:
                spoken = told.slots | _optional_slots(told)
                assert typed.slots - _VOICE <= spoken, (typed.text, told.text)


def test_bound_slots_of_one_list_differ() -> None:
    values: dict[str, Template] = {}
    bind(parse("from {city} to {city2}"), values, Random(1))
    assert values["city"].text != values["city2"].text
    assert values["city"] in pool("city")


def _optional_slots(template: Template) -> set[str]:
    inner = template.text.split("<")[1:]
    return {name for part in inner for name in parse(part.split(">")[0]).slots}


def test_every_kind_of_work_has_its_sentences() -> None:
    counts = {section: len(entries) for section, entries in sections("work").items() if section}
    assert min(counts.values()) >= 15, counts
    assert counts.keys() >= {job.category for job in listed_jobs()}


@pytest.mark.parametrize("stage", ["child", "teen", "adult", "old"])
@pytest.mark.parametrize("tone", sorted(_GROUPS[2]))
def test_every_tone_has_sentences_of_its_own_at_every_age(stage: str, tone: str) -> None:
    tags = frozenset({stage, tone, "young" if stage in ("child", "teen") else "grown", "many"})
    for file, section, least in (("trait", "trait", 9), ("closing", "closing", 4)):
        own = [one for one in lines(f"sentences/{file}", section) if one.toned and one.fits(tags)]
        assert len(own) >= least, (file, len(own))
    assert any(one.fits(tags) for one in lines("sentences/life", "life"))
