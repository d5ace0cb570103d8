"""Conversations of several turns: every answer is right by what the conversation says before it."""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache
from itertools import islice, pairwise

import pytest

from model.data import Conversation, Turn, conversations
from model.data.conversation import KINDS
from model.data.language.lexicon import templates
from model.data.stream import split_of

_MANY = 3000


@cache
def many() -> tuple[Conversation, ...]:
    return tuple(islice(conversations(31), _MANY))


def turns(*kinds: str) -> list[Turn]:
    return [turn for one in many() for turn in one.turns if turn.kind in kinds]


def contains(text: str, keyword: str) -> bool:
    """Return whether a lowercase text contains an alternative of a keyword such as "chess|tea"."""
    return any(alternative in text for alternative in keyword.lower().split("|"))


def test_answer_contains_all_its_keywords() -> None:
    facts = 0
    for turn in turns(*KINDS):
        answer = turn.answer.lower()
        for fact, words in turn.keywords.items():
            facts += 1
            missing = [word for word in words if not contains(answer, word)]
            assert not missing, (turn.kind, fact, missing, turn.asked[-1].content, answer)
    assert facts > _MANY


@pytest.mark.parametrize("split", ["train", "valid"])
def test_each_split_has_every_kind_of_turn(split: str) -> None:
    count = Counter(
        turn.kind for one in islice(conversations(32, split), 500) for turn in one.turns
    )
    assert set(count) == set(KINDS)
    assert min(count.values()) > 15


def test_kinds_of_conversations_have_their_shares() -> None:
    first = Counter(one.turns[0].kind for one in many() if len(one.turns) == 1)
    free_text = sum(one.turns[0].kind == "persona" and not one.requests for one in many())
    assert 0.40 < first["persona"] / _MANY < 0.48
    assert 0.13 < first["typed"] / _MANY < 0.19
    assert 0.04 < free_text / _MANY < 0.12
    about = [one for one in many() if len(one.turns) > 1 and any(t.person for t in one.turns)]
    assert 0.28 < len(about) / _MANY < 0.36
    assert max(len(one.turns) for one in many()) <= 7


def test_all_people_of_a_conversation_are_of_its_split() -> None:
    for split in ("train", "valid"):
        for one in islice(conversations(33, split), 200):
            assert all(split_of(turn.person) == split for turn in one.turns if turn.person)


def test_follow_up_answer_uses_the_pronoun_of_the_person() -> None:
    for turn in turns("question", "unknown", "rewrite"):
        assert turn.person is not None
        used = set(re.findall(r"\b(she|he)\b", turn.answer.lower()))
        typed = {word for note in turn.person.notes for word in re.findall(r"\w+", note.input.text)}
        assert used <= {turn.person.name.pronouns.subject} | typed, turn.answer


def test_answer_to_an_unknown_fact_contains_not() -> None:
    for turn in turns("unknown"):
        assert turn.keywords == {"answer": ("not",)}


def test_first_word_of_a_yes_no_answer_follows_from_the_facts() -> None:
    """Half of them are "yes", so that nothing but the facts says which half."""
    asked: Counter[str] = Counter()
    for one in many():
        for turn in one.turns:
            if turn.kind not in ("question", "unknown"):
                continue
            confirmed = turn.answer.startswith("Yes")
            found = _AGE_QUESTION.fullmatch(turn.asked[-1].content.lower())
            person = turn.person
            if found is None or person is None or any(n.field == "age" for n in person.notes):
                continue
            asked_age = found[1] or found[2]
            if not (asked_age.isdigit() or (person.age and asked_age == person.age.text)):
                continue  # a question about something else
            if asked_age in person.name.full.split():
                continue  # such as "is this person called Robo 66?"
            is_true = person.age is not None and asked_age in (
                str(person.age.years),
                person.age.text,
            )
            assert confirmed == is_true, (turn.asked[-1].content, turn.answer)
            asked["yes" if is_true else "no" if person.age else "unknown"] += 1
    assert asked["yes"] > 60
    assert asked["no"] > 60
    assert asked["unknown"] > 3
    answers = [turn.answer.split()[0].strip(",").lower() for turn in turns("question", "unknown")]
    assert answers.count("yes") < 0.3 * len(answers)


_AGE_QUESTION = re.compile(
    r"(?:is|are) .+ ([\w-]+?)(?: years old)?[?.]?|.+ (?:is|are) ([\w-]+)(?:, right)?[?.]?"
)


def test_answer_contains_none_of_its_absent_words() -> None:
    denials = replaced_facts = 0
    for turn in turns("question", "rewrite", "typed"):
        answer = turn.answer.lower()
        found = [
            word for word in turn.absent if re.search(rf"\b{re.escape(word.lower())}\b", answer)
        ]
        assert not found, (turn.asked[-1].content, found, answer)
        denials += "yes" in turn.absent
        replaced_facts += turn.kind != "question" and bool(turn.absent)
    assert denials > 5
    assert replaced_facts > 20


def test_answer_to_a_question_uses_the_conversation_only() -> None:
    for one in many():
        earlier = ""
        for turn in one.turns:
            if turn.kind == "question":
                facts = [
                    word
                    for name, words in turn.keywords.items()
                    if name != "answer"
                    for word in words
                ]
                assert all(contains(earlier, fact) for fact in facts), (turn, earlier)
            earlier += " ".join(message.content for message in turn.asked).lower()
            earlier += turn.answer.lower()


def test_answer_to_a_question_uses_the_latest_facts() -> None:
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


def test_typed_answer_is_json_with_fields_in_order() -> None:
    for turn in turns("typed"):
        assert turn.fields
        assert list(json.loads(turn.answer))[:3] == ["name", "age", "occupation"]


def test_only_list_answers_have_line_breaks() -> None:
    for turn in turns(*KINDS):
        if "\n" in turn.answer:
            assert turn.kind == "rewrite"
            assert all(line.startswith("- ") for line in turn.answer.splitlines())


def test_small_talk_messages_rarely_repeat() -> None:
    messages = [turn.asked[-1].content for turn in turns("talk", "refusal")]
    assert len(set(messages)) > 0.6 * len(messages)


def test_system_message_of_small_talk_is_missing_empty_or_usual() -> None:
    first = [one.turns[0] for one in many() if one.turns[0].kind in ("talk", "refusal")]
    systems = {turn.asked[0].content for turn in first if turn.asked[0].role == "system"}
    assert any(turn.asked[0].role == "user" for turn in first)
    assert "" in systems
    assert len(systems & {one.text for one in templates("requests", "system")}) > 8
