"""Writes a person as a JSON persona, with the fields of `pywebllm.persona.Persona`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from random import Random

from model.data.people.completing import completed
from model.data.people.person import Person
from model.data.persona.fields import keywords
from model.data.persona.summary import write_summary
from model.data.persona.traits_and_goals import draw_goals, draw_traits
from model.data.prompts import clean_fields

__all__ = ["typed_answer", "typed_keywords"]

# In characters. `persona_schema` allows a longer summary: a model cannot count characters.
_SUMMARY_LIMIT = 300
_INTEREST_LIMIT = 48
_GOAL_LIMIT = 80


def typed_answer(person: Person, random: Random, *, fields: Mapping[str, str] | None = None) -> str:
    """Return the persona as JSON on one line.

    Name and occupation are copied from the form `fields` character by character, because the
    page's grammar fixes them; without `fields` they are as in a paragraph. Facts that the person
    lacks are made up. To know which, pass a person that is already `completed`.
    """
    given = clean_fields(fields or {})
    whole = completed(person, random)
    assert whole.age is not None
    assert whole.occupation is not None
    possessive = whole.name.pronouns.possessive
    interests = [one.phrase(possessive) for one in whole.interests]
    return json.dumps(
        {
            "name": given.get("name", whole.name.full),
            "age": whole.age.years,
            "occupation": given.get("occupation", whole.occupation.text),
            "summary": write_summary(whole, random, limit=_SUMMARY_LIMIT),
            "interests": [one for one in interests if len(one) <= _INTEREST_LIMIT][:5],
            "traits": draw_traits(whole, random),
            "goals": draw_goals(whole, random, limit=_GOAL_LIMIT),
        },
        ensure_ascii=False,
    )


def typed_keywords(person: Person, fields: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return, for each given field, the keywords that a right JSON answer contains, in any case.

    The age is in digits, whatever the form says. A right answer may lack the keywords of a note
    that is too long for the summary.
    """
    found = keywords(person)
    given = clean_fields(fields)
    for name in found.keys() & given.keys() & {"name", "occupation"}:
        found[name] = (given[name],)
    if person.age is not None:
        found["age"] = (str(person.age.years),)
    return found
