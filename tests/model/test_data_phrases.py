"""Words of a visitor's own: arbitrary phrases, fields and pronouns, copied and obeyed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import combinations, islice
from random import Random

import pytest

from model.data import Conversation, conversations
from model.data.language.grammar import PRONOUNS, conjugated, third_person
from model.data.language.lexicon import note_forms, sections
from model.data.language.phrases import PHRASES, own_circle, pursuit
from model.data.language.template import Template, literal
from model.data.people.notes import bind, some_notes
from model.data.people.occupations import an_occupation
from model.data.people.person import a_person
from model.data.persona.fields import EMOJIS, form_fields, keywords
from model.data.persona.paragraph import write
from model.data.persona.speakers import filled

_MANY = 6000


@cache
def forms() -> tuple[Conversation, ...]:
    return tuple(
        one
        for one in islice(conversations(23), _MANY)
        if one.requests and [turn.kind for turn in one.turns] == ["persona"]
    )


def persona(conversation: Conversation) -> str:
    return next(text for role, text in conversation.messages if role == "assistant")


def given(conversation: Conversation, name: str) -> str:
    fields = {key.lower(): value for key, value in conversation.requests[0].fields.items()}
    return " ".join(fields.get(name, "").split())


def test_interests_hardly_ever_repeat() -> None:
    random = Random(1)
    drawn = [pursuit(random) for _ in range(2000)]
    assert len(set(drawn)) > 1850
    assert sum(not text.isascii() for text in drawn) > 100
    assert len({own_circle(random) for _ in range(100)}) > 50


def test_literal_text_keeps_its_brackets() -> None:
    text = "a (very) odd {thing} [sic] <3"
    assert filled("{what}", {"what": literal(text)}, random=Random(1)) == text


@pytest.mark.parametrize("name", PHRASES)
def test_phrases_are_clean(name: str) -> None:
    random = Random(2)
    for _ in range(300):
        text = PHRASES[name](random)
        assert text == " ".join(text.split())
        assert not re.search(r"[()|<>@=_/](?!7)", text.replace("{their}", "")), text


def test_verbs_of_the_vocabulary_go_there_and_back() -> None:
    for line in sections("vocabulary")["verb"]:
        for entry in line.split():
            base = entry.partition("/")[0].replace("_", " ")
            assert conjugated(third_person(base), pronouns=PRONOUNS["they"]) == base


@pytest.mark.parametrize("file", ["notes", "clauses", "extras"])
def test_every_way_to_type_a_fact_has_a_sentence(file: str) -> None:
    random = Random(3)
    for form in note_forms(file):
        assert form.outputs
        assert bool(form.fields) == (file == "extras")
        for typed in form.inputs:
            values: dict[str, Template] = {}
            bind(typed, values, random)
            voice = {"S", "they", "them", "their", "themself"}
            assert any(line.slots - voice <= values.keys() for line in form.outputs), typed.text


def test_words_outside_ascii_are_common_and_copied() -> None:
    found = 0
    for one in forms():
        for asked in one.requests[0].keywords.values():
            for text in asked:
                if not text.isascii():
                    found += 1
                    assert text.lower() in persona(one).lower()
    assert found > len(forms()) * 0.15


def test_free_clauses_are_restated_and_end_cleanly() -> None:
    lead = re.compile(r"\b(?:intends?|promised|refuses?|decided) to ([^.,;/&-]+)(?=[.,;]|$)")
    checked = 0
    for one in forms():
        for wish in lead.findall(given(one, "notes")):
            if re.search(r" and |\b(?:my|her|his|their)\b", wish):
                continue
            checked += 1
            assert re.search(rf"{re.escape(wish)}(?=[.,!]| and )", persona(one)), persona(one)
    assert checked > 2


def test_no_sentence_is_said_twice() -> None:
    for one in forms():
        for role, text in one.messages:
            if role != "assistant":
                continue
            said = [part for part in re.split(r"(?<=[.!?]) ", text) if len(part.split()) > 3]
            assert len(said) == len(set(said)), text


def test_given_pronouns_are_obeyed() -> None:
    seen = 0
    for one in forms():
        pronouns = given(one, "pronouns").lower()
        if not pronouns:
            continue
        seen += 1
        subject = re.split(r"\W", pronouns)[0]
        others = {"she", "he"} - {subject}
        assert not others & set(re.findall(r"\w+", persona(one).lower())), persona(one)
    assert seen > 50


def test_fields_beyond_the_known_ones_are_used() -> None:
    known = {"name", "age", "occupation", "interests", "tone", "notes"}
    other = {"hobbies", "job", "about", "style", "pronouns"}
    names = {name.lower() for one in forms() for name in one.requests[0].fields} - known - other
    assert len(names) > 40
    share = sum(
        bool({name.lower() for name in one.requests[0].fields} & names) for one in forms()
    ) / len(forms())
    assert 0.1 < share < 0.3


def test_own_circle_agrees_with_the_pronouns() -> None:
    seen = 0
    for one in forms():
        text = persona(one)
        for match in re.finditer(r"\b(his|her|their) (?:grandchildren|wife|bees)\b", text):
            seen += 1
            subjects = {"his": "he", "her": "she", "their": "they"}
            wrong = {"he", "she"} - {subjects[match[1]]}
            assert not wrong & set(re.findall(r"\b(?:he|she)\b", text.lower())), text
    assert seen > 3


def _listed(name: str) -> Iterator[tuple[str, str]]:
    for section, entries in sections(name).items():
        for line in entries if section else ():
            yield from ((section, entry.strip()) for entry in line.split(";"))


def test_occupations_are_many_and_said_once() -> None:
    jobs = [
        text
        for section, text in _listed("occupations")
        if not section.startswith("school") and section != "study"
    ]
    assert len(jobs) > 900
    assert len(jobs) == len(set(jobs))
    work = sections("work")
    pupils = {"school child", "school teen"}
    assert {section for section, _ in _listed("occupations")} - pupils <= set(work)


def test_occupations_never_contradict_the_pronoun() -> None:
    random = Random(4)
    told = {
        occupation.text
        for _ in range(6000)
        if (occupation := an_occupation(random, random.randint(6, 90), subject="he"))
    }
    assert not told & {"waitress", "housewife", "single mother", "actress", "schoolgirl", "nun"}
    assert told & {"monk", "single father", "househusband", "postman", "salesman", "fisherman"}


def test_interests_are_many_and_each_has_a_sentence() -> None:
    lines = [line for name, entries in sections("interests").items() if name for line in entries]
    texts = [line.split(" | ")[0] for line in lines]
    assert len(texts) > 550
    assert len(texts) == len(set(texts))
    assert all(" | " in line and not set(line.split(" | ")[0]) & set("{[(<") for line in lines)


def test_names_are_many_and_stand_in_one_list() -> None:
    names = {
        key: [name for line in sections("names")[key] for name in line.split()]
        for key in ("she", "he", "they", "family")
    }
    for key, least in (("she", 900), ("he", 1200), ("they", 150), ("family", 1500)):
        assert len(names[key]) > least
        assert len(names[key]) == len(set(names[key])), key
    for one, other in combinations(("she", "he", "they"), 2):
        assert not set(names[one]) & set(names[other]), (one, other)


def test_every_slot_has_different_words() -> None:
    for name, entries in sections("words").items():
        words = [word.strip() for line in entries for word in line.split(";")]
        assert all(words), name
        assert len(words) == len(set(words)), (name, sorted(words))


def test_notes_come_alone_and_in_long_lists() -> None:
    random = Random(5)
    counts = Counter(len(some_notes(random, "adult")) for _ in range(2000))
    assert counts[1] > 400
    assert counts[3] + counts[4] + counts[5] > 400


def test_every_fact_is_told_with_its_words() -> None:
    random = Random(6)
    for stage in ("child", "adult"):
        for _ in range(1500):
            person = a_person(random)
            for note in some_notes(random, stage):
                alone = replace(person, notes=(note,))
                text = write(alone, random).lower()
                for word in keywords(alone).get("notes", ()):
                    assert word.lower() in text, (note.typed.text, word, text)


def test_forms_with_a_single_field_are_there_for_every_field() -> None:
    random = Random(7)
    alone = Counter(
        next(iter(fields)).lower()
        for _ in range(6000)
        if len(fields := form_fields(a_person(random), random)) == 1
    )
    for name in ("name", "age", "occupation", "interests", "notes"):
        assert alone[name] > 15, alone


def test_emojis_are_typed_at_times_and_never_told() -> None:
    random = Random(8)
    typed = 0
    for _ in range(3000):
        person = a_person(random)
        fields = form_fields(person, random)
        if any(emoji in value for emoji in EMOJIS for value in fields.values()):
            typed += 1
            assert not any(emoji in write(person, random) for emoji in EMOJIS)
    assert 10 < typed < 150
