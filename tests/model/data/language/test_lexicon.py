"""The lexicon: large, without duplicates, and with templates that every person can fill."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import pytest

from model.data.language.lexicon import TONES, lines, note_forms, sections
from model.data.people.occupations import listed_jobs

_SENTENCES = [f"sentences/{name}" for name in ("opening", "interests", "trait", "life", "closing")]
_SPEAKER_SLOTS = {"S", "they", "them", "their", "themself", "name", "full"}
_FACTS = {"age", "age_next", "occ", "state", "former", "list", "i", "after"}


@pytest.mark.parametrize("file", [*_SENTENCES, "work", "summary"])
def test_sentences_use_known_slots_only(file: str) -> None:
    for section in filter(None, sections(file)):
        for line in lines(file, section):
            assert line.template.slots <= _SPEAKER_SLOTS | _FACTS, line.template.text


@pytest.mark.parametrize("file", [*_SENTENCES, "work", "summary", "interests"])
def test_verbs_that_agree_have_a_subject_before_them(file: str) -> None:
    for entries in filter(None, sections(file).values()):
        for text in " | ".join(entries).split(" | "):
            before = text.partition("[")[0]
            assert before == text or any(
                subject in before for subject in ("{S}", "{they}", "{full}")
            ), text


def test_every_category_of_occupations_has_enough_sentences() -> None:
    counts = {section: len(entries) for section, entries in sections("work").items() if section}
    assert min(counts.values()) >= 15, counts
    assert counts.keys() >= {job.category for job in listed_jobs()}


@pytest.mark.parametrize("stage", ["child", "teen", "adult", "old"])
@pytest.mark.parametrize("tone", sorted(TONES))
def test_every_tone_has_its_own_sentences_for_every_stage_of_life(stage: str, tone: str) -> None:
    tags = frozenset({stage, tone, "young" if stage in ("child", "teen") else "grown", "many"})
    for file, section, least in (("trait", "trait", 9), ("closing", "closing", 4)):
        own = [one for one in lines(f"sentences/{file}", section) if one.toned and one.fits(tags)]
        assert len(own) >= least, (file, len(own))
    assert any(one.fits(tags) for one in lines("sentences/life", "life"))


def listed(name: str) -> Iterator[tuple[str, str]]:
    for section, entries in sections(name).items():
        for line in entries if section else ():
            yield from ((section, entry.strip()) for entry in line.split(";"))


def test_occupations_are_many_and_listed_once() -> None:
    jobs = [
        text
        for section, text in listed("occupations")
        if not section.startswith("school") and section != "study"
    ]
    assert len(jobs) > 900
    assert len(jobs) == len(set(jobs))
    work = sections("work")
    pupils = {"school child", "school teen"}
    assert {section for section, _ in listed("occupations")} - pupils <= set(work)


def test_interests_are_many_and_each_has_a_sentence() -> None:
    entries = [line for name, found in sections("interests").items() if name for line in found]
    texts = [line.split(" | ")[0] for line in entries]
    assert len(texts) > 550
    assert len(texts) == len(set(texts))
    assert all(" | " in line and not set(line.split(" | ")[0]) & set("{[(<") for line in entries)


def test_names_are_many_and_first_names_have_one_pronoun() -> None:
    names = {
        key: [name for line in sections("names")[key] for name in line.split()]
        for key in ("she", "he", "they", "family")
    }
    for key, least in (("she", 900), ("he", 1200), ("they", 150), ("family", 1500)):
        assert len(names[key]) > least
        assert len(names[key]) == len(set(names[key])), key
    for one, other in combinations(("she", "he", "they"), 2):
        assert not set(names[one]) & set(names[other]), (one, other)


def test_words_of_a_slot_are_different() -> None:
    for name, entries in sections("words").items():
        words = [word.strip() for line in entries for word in line.split(";")]
        assert all(words), name
        assert len(words) == len(set(words)), (name, sorted(words))


def test_traits_and_goals_are_many_and_within_their_limits() -> None:
    def entries(file: str, *, without: tuple[str, ...] = ()) -> set[str]:
        kept = (found for name, found in sections(file).items() if name not in without)
        return {entry.strip() for found in kept for line in found for entry in line.split(";")}

    traits = entries("typed_traits", without=("opposites", "alike"))
    goals = entries("typed_goals")
    assert len(traits) >= 150
    assert len(goals) >= 400
    assert max(map(len, traits)) <= 24
    assert max(map(len, goals)) <= 80


def test_small_talk_is_many_and_each_has_several_answers() -> None:
    assert len(note_forms("chats")) >= 35
    assert all(form.inputs and len(form.outputs) >= 2 for form in note_forms("chats"))
