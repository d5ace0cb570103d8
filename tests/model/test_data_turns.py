"""The turns of a conversation: each answered rightly, from what was said before it."""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache
from itertools import islice, pairwise

import pytest

from model.data import Conversation, Turn, conversations
from model.data.conversation import KINDS
from model.data.language.lexicon import note_forms, templates
from model.data.stream import split_of

_MANY = 3000


@cache
def many() -> tuple[Conversation, ...]:
    return tuple(islice(conversations(31), _MANY))


def turns(*kinds: str) -> list[Turn]:
    return [turn for one in many() for turn in one.turns if turn.kind in kinds]


def holds(text: str, ways: str) -> bool:
    """Return whether a text in lower case says it in one of the ways, which "|" parts."""
    return any(way in text for way in ways.lower().split("|"))


def test_every_keyword_is_in_its_answer() -> None:
    asked = 0
    for turn in turns(*KINDS):
        answer = turn.answer.lower()
        for fact, words in turn.keywords.items():
            asked += 1
            missing = [word for word in words if not holds(answer, word)]
            assert not missing, (turn.kind, fact, missing, turn.asked[-1].content, answer)
    assert asked > _MANY


@pytest.mark.parametrize("split", ["train", "valid"])
def test_each_kind_of_turn_is_there(split: str) -> None:
    count = Counter(
        turn.kind for one in islice(conversations(32, split), 500) for turn in one.turns
    )
    assert set(count) == set(KINDS)
    assert min(count.values()) > 15


def test_shares_are_those_wanted() -> None:
    first = Counter(one.turns[0].kind for one in many() if len(one.turns) == 1)
    words = sum(one.turns[0].kind == "persona" and not one.requests for one in many())
    assert 0.44 < first["persona"] / _MANY < 0.52
    assert 0.15 < first["typed"] / _MANY < 0.21
    assert 0.05 < words / _MANY < 0.13
    about = [one for one in many() if len(one.turns) > 1 and any(t.person for t in one.turns)]
    assert 0.21 < len(about) / _MANY < 0.29
    assert max(len(one.turns) for one in many()) <= 6


def test_everybody_told_is_of_one_half() -> None:
    for split in ("train", "valid"):
        for one in islice(conversations(33, split), 200):
            assert all(split_of(turn.person) == split for turn in one.turns if turn.person)


def test_answers_have_the_right_pronoun() -> None:
    for turn in turns("question", "unknown", "rewrite"):
        assert turn.person is not None
        said = set(re.findall(r"\b(she|he)\b", turn.answer.lower()))
        told = {word for note in turn.person.notes for word in re.findall(r"\w+", note.typed.text)}
        assert said <= {turn.person.name.pronouns.subject} | told, turn.answer


def test_unknown_is_said_to_be_unknown() -> None:
    for turn in turns("unknown"):
        assert turn.keywords == {"answer": ("not",)}


def test_no_answer_has_what_must_not_be_said() -> None:
    denied = taken_back = 0
    for turn in turns("question", "rewrite", "typed"):
        answer = turn.answer.lower()
        said = [
            word for word in turn.absent if re.search(rf"\b{re.escape(word.lower())}\b", answer)
        ]
        assert not said, (turn.asked[-1].content, said, answer)
        denied += "yes" in turn.absent
        taken_back += turn.kind != "question" and bool(turn.absent)
    assert denied > 5
    assert taken_back > 20


def test_questions_are_answered_from_the_conversation() -> None:
    for one in many():
        said = ""
        for turn in one.turns:
            if turn.kind == "question":
                facts = [
                    word
                    for name, words in turn.keywords.items()
                    if name != "answer"
                    for word in words
                ]
                assert all(holds(said, fact) for fact in facts), (turn, said)
            said += " ".join(message.content for message in turn.asked).lower()
            said += turn.answer.lower()


def test_questions_follow_the_latest_facts() -> None:
    changed = 0
    for one in many():
        about = [turn for turn in one.turns if turn.person is not None]
        for before, after in pairwise(about):
            if after.kind in ("question", "unknown"):
                assert after.person == before.person
                age = before.person.age if before.person else None
                if "age" in after.keywords and age is not None:
                    assert after.keywords["age"][0] in (age.text, str(age.years))
            changed += after.kind == "rewrite" and after.person != before.person
    assert changed > 40


def test_typed_answers_are_json() -> None:
    for turn in turns("typed"):
        assert turn.fields
        assert list(json.loads(turn.answer))[:3] == ["name", "age", "occupation"]


def test_only_lists_have_lines() -> None:
    for turn in turns(*KINDS):
        if "\n" in turn.answer:
            assert turn.kind == "rewrite"
            assert all(line.startswith("- ") for line in turn.answer.splitlines())


def test_talk_is_varied() -> None:
    asked = [turn.asked[-1].content for turn in turns("talk", "refusal")]
    assert len(set(asked)) > 0.6 * len(asked)
    assert len(note_forms("chats")) >= 35
    assert all(form.inputs and len(form.outputs) >= 2 for form in note_forms("chats"))


def test_system_messages_are_of_all_usual_kinds() -> None:
    first = [one.turns[0] for one in many() if one.turns[0].kind in ("talk", "refusal")]
    systems = {turn.asked[0].content for turn in first if turn.asked[0].role == "system"}
    assert any(turn.asked[0].role == "user" for turn in first)
    assert "" in systems
    assert len(systems & {one.text for one in templates("requests", "system")}) > 8
