"""Writes a person as JSON: the typed persona, with the fields of `pywebllm.persona.Persona`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from random import Random

from model.data.people.completing import completed
from model.data.people.person import Person
from model.data.persona.fields import keywords
from model.data.persona.summary import write_summary
from model.data.persona.traits_and_goals import some_goals, some_traits
from model.data.prompts import clean_fields

__all__ = ["typed_answer", "typed_keywords"]

# In characters. `persona_schema` allows a longer summary: a model cannot count characters.
_SUMMARY = 300
_INTEREST = 48
_GOAL = 80


def typed_answer(person: Person, random: Random, *, fields: Mapping[str, str] | None = None) -> str:
    """Return the persona as JSON, on one line.

    A name and an occupation are those of the form `fields` to the letter, as the grammar of the
    page fixes them; without `fields` they are as in a paragraph. What the form left open is made
    up; give a person who is `completed` already to know what.
    """
    given = clean_fields(fields or {})
    whole = completed(person, random)
    assert whole.age is not None
    assert whole.occupation is not None
    possessive = whole.name.pronouns.possessive
    interests = [one.said(possessive) for one in whole.interests]
    return json.dumps(
        {
            "name": given.get("name", whole.name.full),
            "age": whole.age.years,
            "occupation": given.get("occupation", whole.occupation.text),
            "summary": write_summary(whole, random, limit=_SUMMARY),
            "interests": [one for one in interests if len(one) <= _INTEREST][:5],
            "traits": some_traits(whole, random),
            "goals": some_goals(whole, random, limit=_GOAL),
        },
        ensure_ascii=False,
    )


def typed_keywords(person: Person, fields: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return, for each given field, the words that a right JSON answer contains, in any case.

    The age is in digits, however the form tells it. A note that is too long for the summary may
    be missing there by right.
    """
    words = keywords(person)
    given = clean_fields(fields)
    for name in words.keys() & given.keys() & {"name", "occupation"}:
        words[name] = (given[name],)
    if person.age is not None:
        words["age"] = (str(person.age.years),)
    return words
