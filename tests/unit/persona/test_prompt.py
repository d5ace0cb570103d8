"""How the fields of a form become a prompt, in the wording the built-in model is trained on."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Any

import pytest
from pywebllm.errors import InvalidRequestError
from pywebllm.persona.persona import Persona
from pywebllm.persona.prompt import clean_fields, persona_messages, system_prompt


def test_fields_are_listed_in_order_one_on_each_line() -> None:
    messages = persona_messages({"interests": "chess", "age": "36", "name": "Ada"})
    assert [message["role"] for message in messages] == ["system", "user"]
    assert messages[1]["content"] == ("Write a persona.\nName: Ada\nAge: 36\nInterests: chess")


def test_json_wording_names_the_fields_of_persona_and_lists_the_same_form() -> None:
    inputs = {"interests": "chess", "age": "36", "name": "Ada"}
    system, user = persona_messages(inputs, typed=True)
    prose = persona_messages(inputs)
    assert user["content"] == "Write a persona as JSON.\nName: Ada\nAge: 36\nInterests: chess"
    assert user["content"].splitlines()[1:] == prose[1]["content"].splitlines()[1:]
    listed = system["content"].split("in this order: ")[1].split("). Use")[0]
    names = [part.split()[0] for part in re.sub(r"\([^)]*\)", "", listed + ")").split(",")]
    assert names == [field.name for field in fields(Persona)]
    assert system["content"].endswith(prose[0]["content"].split("Use every detail")[1])


def test_paragraph_wording_is_the_one_the_model_was_trained_on() -> None:
    system, user = persona_messages({"name": "Ada", "age": "36"})
    assert user["content"] == "Write a persona.\nName: Ada\nAge: 36"
    assert system["content"] == (
        "You write personas. Write one short paragraph about the person described, in the third"
        " person. Use every detail you are given and add nothing that contradicts it. The person"
        " is an adult: write about work, home and free time."
    )


def test_unknown_fields_follow_the_known_ones_in_the_order_given() -> None:
    user = persona_messages({"pet": "a cat", "home": "Oslo", "name": "Ada"})[1]["content"]
    assert user.splitlines()[1:] == ["Name: Ada", "Pet: a cat", "Home: Oslo"]


def test_blank_fields_are_left_out_and_whitespace_is_collapsed() -> None:
    user = persona_messages({"name": " Ada \n Lovelace\t", "tone": "  ", " Notes ": "x"})[1]
    assert user["content"].splitlines()[1:] == ["Name: Ada Lovelace", "Notes: x"]


@pytest.mark.parametrize("inputs", [{}, {"name": ""}, {"name": " \n", "": "value"}])
def test_form_without_any_value_is_refused(inputs: dict[str, str]) -> None:
    with pytest.raises(InvalidRequestError, match="at least one field with a value"):
        persona_messages(inputs)


@pytest.mark.parametrize("inputs", [{"age": 36}, {1: "x"}, {"name": None}])
def test_field_that_is_not_a_string_is_refused(inputs: Any) -> None:
    with pytest.raises(TypeError, match="persona fields must be strings"):
        persona_messages(inputs)


@pytest.mark.parametrize(
    ("age", "word"),
    [
        ("7", "child"),
        ("12", "child"),
        ("13", "teenager"),
        ("19", "teenager"),
        ("20", "an adult"),
        ("64", "an adult"),
        ("65", "older adult"),
        ("about 70, she says", "older adult"),
        ("130", "older adult"),
    ],
)
def test_system_prompt_matches_the_age(age: str, word: str) -> None:
    assert word in system_prompt(age)


@pytest.mark.parametrize("age", ["", "unknown", "131", "9999999999999"])
def test_without_a_plausible_age_the_system_prompt_does_not_mention_it(age: str) -> None:
    assert "The person is" not in system_prompt(age)


def test_field_that_is_given_twice_is_refused() -> None:
    assert clean_fields({"name": "Ada", "Name": " "}) == {"name": "Ada"}
    with pytest.raises(InvalidRequestError, match="'name' is given twice"):
        clean_fields({"name": "Ada", "Name": "Bo"})
