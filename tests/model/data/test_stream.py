"""The stream of conversations: seeded, split, and in correct English over thousands of samples."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from functools import cache
from itertools import islice
from random import Random

import pytest

from model.data import Conversation, conversations, render
from model.data.people.person import draw_person
from model.data.prompts import persona_messages
from model.data.stream import split_of

_MANY = 3000


@cache
def many() -> tuple[Conversation, ...]:
    return tuple(islice(conversations(11), _MANY))


def prose_answers(conversation: Conversation) -> list[str]:
    """Return the answers that are neither JSON nor a list."""
    texts = [turn.answer for turn in conversation.turns if turn.kind != "typed"]
    return [text for text in texts if not text.startswith("- ")]


def test_same_seed_gives_the_same_conversations() -> None:
    first, second = (list(islice(conversations(3), 50)) for _ in range(2))
    assert first == second


def test_conversations_differ_between_seeds_and_parts() -> None:
    drawn = [
        next(stream) for stream in (conversations(3), conversations(4), conversations(3, part=1))
    ]
    assert len({render(one.messages) for one in drawn}) == 3


def test_unknown_split_is_refused() -> None:
    with pytest.raises(ValueError, match="must be one of train, valid, got 'test'"):
        next(conversations(0, "test"))


def test_split_depends_on_the_facts_in_any_case_and_order() -> None:
    random = Random(1)
    splits: Counter[str] = Counter()
    for _ in range(500):
        person = draw_person(random)
        varied = replace(
            person,
            name=replace(person.name, full=person.name.full.upper()),
            age=replace(person.age, text="a number") if person.age else None,
            interests=person.interests[::-1],
            notes=person.notes[::-1],
            group="dramatic",
        )
        assert split_of(varied) == split_of(person), person
        splits[split_of(person)] += 1
    assert splits["train"] > splits["valid"] > 0


def test_each_field_is_often_given_and_often_missing() -> None:
    forms = [request.fields for one in many() for request in one.requests]
    for name in ("name", "age", "occupation", "interests", "tone", "notes"):
        share = sum(name in {key.lower() for key in form} for form in forms) / len(forms)
        assert 0.4 < share < 0.98, (name, share)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(r"[{}\[\]<>|()@=]", id="template syntax"),
        pytest.param(r"\ba (?!one-|once|uni|use|euro|uku|usu)[aeiou]", id="a before a vowel"),
        pytest.param(r"\ban (?!hour|honest|heir)[bcdfgjklmnpqrstvwyz]", id="an before a consonant"),
        pytest.param(r"\ba (?:8\d?|11|18)-year", id="a before eighty"),
        pytest.param(r" [,.;]", id="space before punctuation"),
        pytest.param(r"\s\s|^\s|\s$", id="stray space"),
        pytest.param(r"\.\.", id="two full stops"),
        pytest.param(r"\b[Tt]hey (?:is|was|has|does|likes|loves|plays|knows)\b", id="they is"),
        pytest.param(
            r"\b(?:[Ss]he|[Hh]e) (?:are|were|have|do|like|love|play|know)\b", id="she are"
        ),
        pytest.param(r"\b([a-z]{2,}) \1\b", id="repeated word"),
    ],
)
def test_prose_answers_have_no_language_fault(fault: str) -> None:
    found = [text for one in many() for text in prose_answers(one) if re.search(fault, text)]
    assert not found, found[:3]


def test_prose_answer_uses_one_pronoun_only() -> None:
    for one in many():
        for text in prose_answers(one):
            words = set(re.findall(r"\b(she|he)\b", text.lower()))
            assert len(words) <= 1, text


def test_prose_answer_is_one_paragraph_of_suitable_length() -> None:
    for one in many():
        for text in prose_answers(one):
            assert "\n" not in text
            assert text[-1] in '.!?"'
    lengths = [
        len(turn.answer.split())
        for one in many()
        for turn in one.requests
        if turn.kind == "persona"
    ]
    lengths.sort()
    assert lengths[-1] <= 130
    assert 50 <= lengths[len(lengths) // 2] <= 95


def test_most_names_occur_once_so_that_the_model_learns_to_copy() -> None:
    names = [
        request.keywords["name"][0]
        for one in many()
        for request in one.requests
        if "name" in request.keywords
    ]
    assert len(set(names)) > 0.75 * len(names)


def test_requests_use_the_prompts_of_the_library() -> None:
    form = {"name": "Ada", "age": "36"}
    system, user = persona_messages(form)
    assert "third person" in system["content"]
    assert user["content"].splitlines() == ["Write a persona.", "Name: Ada", "Age: 36"]
    prompts = {text for one in many() for role, text in one.messages if role == "system"}
    assert system["content"] in prompts
