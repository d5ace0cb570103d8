"""Requests by a form: the persona copies what the visitor typed and uses the given pronouns."""

from __future__ import annotations

import re
from functools import cache
from itertools import islice

from model.data import Conversation, conversations

_MANY = 6000


@cache
def form_conversations() -> tuple[Conversation, ...]:
    """Return the conversations that are one form and its persona as prose."""
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


def test_non_ascii_keywords_are_common_and_copied() -> None:
    found = 0
    for one in form_conversations():
        for keywords in one.requests[0].keywords.values():
            for keyword in keywords:
                if not keyword.isascii():
                    found += 1
                    assert keyword.lower() in persona(one).lower()
    assert found > len(form_conversations()) * 0.15


def test_free_clauses_of_notes_are_repeated_and_end_cleanly() -> None:
    lead = re.compile(r"\b(?:intends?|promised|refuses?|decided) to ([^.,;/&-]+)(?=[.,;]|$)")
    checked = 0
    for one in form_conversations():
        for clause in lead.findall(given(one, "notes")):
            if re.search(r" and |\b(?:my|her|his|their)\b", clause):
                continue
            checked += 1
            # In any case: visitors may type one word in capitals.
            said = re.compile(rf"{re.escape(clause)}(?=[.,!]| and )", re.IGNORECASE)
            assert said.search(persona(one)), persona(one)
    assert checked > 2


def test_persona_has_no_sentence_twice() -> None:
    for one in form_conversations():
        for role, text in one.messages:
            if role != "assistant":
                continue
            sentences = [part for part in re.split(r"(?<=[.!?]) ", text) if len(part.split()) > 3]
            assert len(sentences) == len(set(sentences)), text


def test_persona_uses_the_pronouns_of_the_form() -> None:
    seen = 0
    for one in form_conversations():
        pronouns = given(one, "pronouns").lower()
        if not pronouns:
            continue
        seen += 1
        subject = re.split(r"\W", pronouns)[0]
        others = {"she", "he"} - {subject}
        assert not others & set(re.findall(r"\w+", persona(one).lower())), persona(one)
    assert seen > 50


def test_forms_have_many_different_custom_fields() -> None:
    standard = {"name", "age", "occupation", "interests", "tone", "notes"}
    alternative = {"hobbies", "job", "about", "style", "pronouns"}
    names = {name.lower() for one in form_conversations() for name in one.requests[0].fields}
    names -= standard | alternative
    assert len(names) > 40
    share = sum(
        bool({name.lower() for name in one.requests[0].fields} & names)
        for one in form_conversations()
    ) / len(form_conversations())
    assert 0.1 < share < 0.3


def test_possessive_of_an_interest_agrees_with_the_pronouns() -> None:
    seen = 0
    for one in form_conversations():
        text = persona(one)
        for match in re.finditer(r"\b(his|her|their) (?:grandchildren|wife|bees)\b", text):
            seen += 1
            subjects = {"his": "he", "her": "she", "their": "they"}
            wrong = {"he", "she"} - {subjects[match[1]]}
            assert not wrong & set(re.findall(r"\b(?:he|she)\b", text.lower())), text
    assert seen > 3
