"""JSON personas: within the limits of the page's schema, with the given facts copied exactly."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from random import Random
from typing import Any

import pytest
from pywebllm.persona.persona import persona_schema

from model.data.language.lexicon import sections
from model.data.people.completing import category_of
from model.data.people.person import Person, draw_person
from model.data.people.vague_age import vague_age_of
from model.data.persona.fields import form_fields
from model.data.persona.traits_and_goals import stated_goals, stated_traits
from model.data.persona.typed import typed_answer, typed_keywords
from model.data.prompts import clean_fields

_MANY = 2500


@cache
def many() -> tuple[tuple[Person, Mapping[str, str], str], ...]:
    """Return people, each with a form and a JSON persona."""
    found = []
    for seed in range(_MANY):
        random = Random(seed)
        person = draw_person(random)
        fields = form_fields(person, random)
        found.append((person, fields, typed_answer(person, random, fields=fields)))
    return tuple(found)


def is_valid(value: Any, schema: Mapping[str, Any]) -> bool:
    """Return whether a value is valid by a schema of the kind that `persona_schema` returns."""
    if "const" in schema:
        return bool(value == schema["const"])
    if schema["type"] == "object":
        inner = schema["properties"]
        return list(value) == list(inner) and all(is_valid(value[key], inner[key]) for key in inner)
    if schema["type"] == "array":
        few = schema["minItems"] <= len(value) <= schema["maxItems"]
        return few and all(is_valid(one, schema["items"]) for one in value)
    if schema["type"] == "integer":
        return bool(schema["minimum"] <= value <= schema["maximum"])
    short = schema["minLength"] <= len(value) <= schema["maxLength"]
    return short and re.search(schema["pattern"], value) is not None


def test_typed_answer_is_valid_by_the_schema_of_its_form() -> None:
    for _, fields, answer in many():
        assert is_valid(json.loads(answer), persona_schema(fields)), (fields, answer)


def test_typed_answer_has_the_white_space_of_the_grammar() -> None:
    for _, _, answer in many():
        assert answer == json.dumps(json.loads(answer), ensure_ascii=False)
        assert "\\" not in answer
        assert answer.isprintable()


def test_given_facts_are_in_their_json_fields() -> None:
    for person, fields, answer in many():
        persona, given = json.loads(answer), clean_fields(fields)
        assert persona["name"] == given.get("name", person.name.full)
        if person.age is not None:
            assert persona["age"] == person.age.years
        if "occupation" in given:
            assert persona["occupation"] == given["occupation"]
        elif person.occupation is not None:
            assert persona["occupation"] == person.occupation.text


def test_json_has_the_given_interests_and_no_others() -> None:
    omitted = 0
    for person, _, answer in many():
        if not person.interests:
            continue
        found = json.loads(answer)["interests"]
        given = [one.phrase(person.name.pronouns.possessive) for one in person.interests]
        assert [one for one in given if one in found] == found
        omitted += len(given) - len(found)
    assert omitted <= _MANY // 1000, "too many interests are too long for the JSON"


def test_summary_in_json_is_about_the_same_person() -> None:
    for person, _, answer in many():
        summary = json.loads(answer)["summary"]
        assert person.name.short.lower() in summary.lower()
        assert summary.endswith((".", "!", "?"))


def test_traits_and_goals_are_distinct_and_start_in_lower_case() -> None:
    for _, _, answer in many():
        persona = json.loads(answer)
        for one in (persona["traits"], persona["goals"]):
            assert len(set(one)) == len(one), answer
        assert all(trait == trait.lower() for trait in persona["traits"])
        assert all(goal[0].islower() for goal in persona["goals"])


def test_traits_do_not_contradict_each_other() -> None:
    pairs = [line.partition(" | ") for line in sections("typed_traits")["opposites"]]
    sides = [({*left.split("; ")}, {*right.split("; ")}) for left, _, right in pairs]
    for person, _, answer in many():
        traits = set(json.loads(answer)["traits"])
        if len(stated_traits(person)) > 1:
            continue  # a visitor may contradict themself
        for left, right in sides:
            assert not (traits & left and traits & right), answer


def test_traits_and_goals_from_the_notes_come_first() -> None:
    stated = 0
    for person, _, answer in many():
        persona = json.loads(answer)
        traits = list(stated_traits(person))[:3]
        goals = [goal for goal in stated_goals(person) if len(goal) <= 80][:2]
        assert persona["traits"][: len(traits)] == traits
        assert persona["goals"][: len(goals)] == goals
        stated += bool(traits) + bool(goals)
    assert stated > _MANY // 100


def test_typed_answer_contains_the_keywords_of_the_form() -> None:
    for person, fields, answer in many():
        folded = answer.lower()
        words = typed_keywords(person, fields)
        for name in words.keys() & {"name", "age", "occupation"}:
            assert all(word.lower() in folded for word in words[name]), (name, answer)


@pytest.mark.parametrize(("stage", "low", "high"), [("school", 6, 19), ("study", 17, 30)])
def test_made_up_age_suits_the_occupation(stage: str, low: int, high: int) -> None:
    ages = [
        json.loads(answer)["age"]
        for person, _, answer in many()
        if person.age is None
        and vague_age_of(person.notes) is None
        and person.occupation
        and person.occupation.kind == stage
    ]
    assert ages
    assert all(low <= age <= high for age in ages)


def test_made_up_occupation_of_a_child_is_not_a_job() -> None:
    for person, _, answer in many():
        persona = json.loads(answer)
        if person.occupation is None and persona["age"] < 20:
            assert persona["occupation"] in ("kindergarten child", "pupil", "student")


def test_every_category_of_occupations_has_traits_and_goals() -> None:
    traits, goals = sections("typed_traits"), sections("typed_goals")
    for person, _, _ in many():
        if person.occupation is None or person.occupation.kind in ("school", "odd"):
            continue
        category = category_of(person.occupation)
        assert (category in traits) == (category in goals), category
    families = [name for name in sections("interests") if name]
    missing = [name for name in families if f"{name} likes" not in goals]
    assert not missing
