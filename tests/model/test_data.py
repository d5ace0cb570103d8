"""The conversations: seeded, split, and in English that holds over thousands of samples."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from functools import cache
from itertools import islice
from random import Random

import pytest

from model.data import Conversation, Message, conversations, render
from model.data.chatml import prompt, spans
from model.data.people.person import a_person
from model.data.prompts import persona_messages
from model.data.stream import split_of

_MANY = 3000


@cache
def many() -> tuple[Conversation, ...]:
    return tuple(islice(conversations(11), _MANY))


def answers(conversation: Conversation) -> list[str]:
    """Return the answers in prose: no JSON, no list."""
    texts = [turn.answer for turn in conversation.turns if turn.kind != "typed"]
    return [text for text in texts if not text.startswith("- ")]


def test_same_seed_gives_the_same_text() -> None:
    first, second = (list(islice(conversations(3), 50)) for _ in range(2))
    assert first == second


def test_seeds_and_parts_differ() -> None:
    drawn = [
        next(stream) for stream in (conversations(3), conversations(4), conversations(3, part=1))
    ]
    assert len({render(one.messages) for one in drawn}) == 3


def test_unknown_split_is_refused() -> None:
    with pytest.raises(ValueError, match="train, valid"):
        next(conversations(0, "test"))


def test_half_depends_on_the_facts_however_they_are_typed() -> None:
    random = Random(1)
    halves: Counter[str] = Counter()
    for _ in range(500):
        person = a_person(random)
        typed = replace(
            person,
            name=replace(person.name, full=person.name.full.upper()),
            age=replace(person.age, text="a number") if person.age else None,
            interests=person.interests[::-1],
            notes=person.notes[::-1],
            group="dramatic",
        )
        assert split_of(typed) == split_of(person), person
        halves[split_of(person)] += 1
    assert halves["train"] > halves["valid"] > 0


def test_every_field_is_there_and_missing_often_enough() -> None:
    forms = [request.fields for one in many() for request in one.requests]
    for name in ("name", "age", "occupation", "interests", "tone", "notes"):
        share = sum(name in {key.lower() for key in form} for form in forms) / len(forms)
        assert 0.4 < share < 0.98, (name, share)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(r"[{}\[\]<>|()@=]", id="template signs"),
        pytest.param(r"\ba (?!one-|once|uni|use|euro|uku|usu)[aeiou]", id="a before a vowel"),
        pytest.param(r"\ban (?!hour|honest|heir)[bcdfgjklmnpqrstvwyz]", id="an before a consonant"),
        pytest.param(r"\ba (?:8\d?|11|18)-year", id="a before eighty"),
        pytest.param(r" [,.;]", id="space before a sign"),
        pytest.param(r"\s\s|^\s|\s$", id="stray space"),
        pytest.param(r"\.\.", id="two full stops"),
        pytest.param(r"\b[Tt]hey (?:is|was|has|does|likes|loves|plays|knows)\b", id="they is"),
        pytest.param(
            r"\b(?:[Ss]he|[Hh]e) (?:are|were|have|do|like|love|play|know)\b", id="she are"
        ),
        pytest.param(r"\b([a-z]{2,}) \1\b", id="word twice"),
    ],
)
def test_text_is_free_of(fault: str) -> None:
    found = [text for one in many() for text in answers(one) if re.search(fault, text)]
    assert not found, found[:3]


def test_pronouns_stay_the_same_within_a_text() -> None:
    for one in many():
        for text in answers(one):
            words = set(re.findall(r"\b(she|he)\b", text.lower()))
            assert len(words) <= 1, text


def test_texts_are_one_paragraph_of_fitting_length() -> None:
    for one in many():
        for text in answers(one):
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


def test_names_are_copied_not_only_remembered() -> None:
    names = [
        request.keywords["name"][0]
        for one in many()
        for request in one.requests
        if "name" in request.keywords
    ]
    assert len(set(names)) > 0.75 * len(names)


def test_prompts_are_those_of_the_library() -> None:
    form = {"name": "Ada", "age": "36"}
    system, user = persona_messages(form)
    assert "third person" in system["content"]
    assert user["content"].splitlines() == ["Write a persona.", "Name: Ada", "Age: 36"]
    prompts = {text for one in many() for role, text in one.messages if role == "system"}
    assert system["content"] in prompts


def test_chatml_marks_what_is_learned() -> None:
    messages = [Message("user", "Hi"), Message("assistant", "Hello.")]
    text = "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
    assert prompt(messages[:1]) == text
    assert render(messages) == f"{text}Hello.<|im_end|>\n"
    assert [piece for piece, learned in spans(messages) if learned] == ["Hello.<|im_end|>"]
