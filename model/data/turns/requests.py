"""Requests for a persona, by a form or in free words, for prose or for JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random

from model.data.chatml import Message
from model.data.conversation import Turn
from model.data.language.grammar import capitalised, fix_articles, joined
from model.data.language.lexicon import templates
from model.data.language.template import Template, literal
from model.data.people.completing import completed
from model.data.people.person import Person, a_person, with_common_name
from model.data.persona.fields import form_fields, held, keywords
from model.data.persona.paragraph import write
from model.data.persona.speakers import filled
from model.data.persona.typed import typed_answer, typed_keywords
from model.data.prompts import persona_messages

__all__ = ["Keeps", "by_form", "carelessly", "in_words", "some_system", "somebody", "typed_turn"]

# Says whether somebody belongs to the half of the data that is being drawn.
Keeps = Callable[[Person], bool]


def somebody(random: Random, keeps: Keeps) -> Person:
    """Return a person of the half that `keeps` wants."""
    while not keeps(person := a_person(random)):
        pass
    return person


def by_form(random: Random, keeps: Keeps, *, typed: bool = False, later: bool = False) -> Turn:
    """Return a persona asked for by a form; `later` leaves the system message out."""
    while (turn := _by_form(random, keeps, typed=typed, later=later)) is None:
        pass
    return turn


def _by_form(random: Random, keeps: Keeps, *, typed: bool, later: bool) -> Turn | None:
    person = somebody(random, keeps)
    fields = form_fields(person, random)
    prompt = persona_messages(fields, typed=typed)
    asked = [Message(one["role"], one["content"]) for one in prompt]
    if later:
        asked = asked[1:]
    elif random.random() < 0.06:
        asked[0:1] = some_system(random)
    if typed:
        return typed_turn(tuple(asked), person, fields, random, keeps)
    return Turn(
        asked=tuple(asked),
        answer=write(person, random),
        kind="persona",
        person=person,
        fields=fields,
        keywords=keywords(person),
    )


def typed_turn(
    asked: tuple[Message, ...],
    person: Person,
    fields: Mapping[str, str],
    random: Random,
    keeps: Keeps,
) -> Turn | None:
    """Return the turn whose answer is `person` as JSON, with what was open made up.

    None when nothing that was tried to make up is of the half that `keeps` wants.
    """
    wholes = (completed(person, random) for _ in range(60))
    whole = next(filter(keeps, wholes), None)
    if whole is None:
        return None
    answer = typed_answer(whole, random, fields=fields)
    return Turn(
        asked=asked,
        answer=answer,
        kind="typed",
        person=whole,
        fields=fields,
        # What is too long for its place in the JSON is missing there by right.
        keywords=held(typed_keywords(person, fields), answer),
    )


def some_system(random: Random) -> tuple[Message, ...]:
    """Return no, an empty, or any usual system message: nothing may depend on it."""
    style = random.random()
    if style < 0.35:
        return ()
    if style < 0.45:
        return (Message("system", ""),)
    if style < 0.6:
        form = persona_messages({"age": str(random.randint(6, 99))}, typed=random.random() < 0.3)
        return (Message("system", form[0]["content"]),)
    if style < 0.75:
        return (Message("system", templates("requests", "system")[0].text),)
    return (Message("system", random.choice(templates("requests", "system")).text),)


def in_words(random: Random, keeps: Keeps) -> Turn:
    """Return a persona asked for in free words, without a system message."""
    while not keeps((drawn := _told_in_words(random))[0]):
        pass
    person, said = drawn
    ask = random.choice(templates("requests", "ask")).text
    text = filled(ask, {"facts": literal(said)}, random=random)
    return Turn(
        asked=(Message("user", carelessly(text, random)),),
        answer=write(person, random),
        kind="persona",
        person=person,
        keywords=keywords(person),
    )


def _told_in_words(random: Random) -> tuple[Person, str]:
    person, options = _with_options(random)
    facts = random.choice(options)
    person = replace(
        person,
        named="name" in facts.slots,
        age=person.age if "age" in facts.slots else None,
        occupation=person.occupation if "occ" in facts.slots else None,
        interests=person.interests if "list" in facts.slots else (),
        notes=(),
        tone=None,
        group=person.group if person.tone is None else "neutral",
    )
    person = with_common_name(person, random)
    return person, fix_articles(filled(facts.text, _values(person), random=random))


def _with_options(random: Random) -> tuple[Person, list[Template]]:
    while True:
        person = a_person(random)
        if person.pronoun_typed or person.pronoun_field:
            continue  # a request in words has no place for the pronouns
        options = [one for one in templates("requests", "facts") if one.slots <= _sayable(person)]
        if options:
            return person, options


def _sayable(person: Person) -> set[str]:
    slots = {"name"} if person.named else set()
    slots |= {"age"} if person.age else set()
    slots |= {"list"} if person.interests else set()
    kind = person.occupation.kind if person.occupation else "state"
    return slots | ({"occ"} if kind != "state" else set())


def _values(person: Person) -> dict[str, Template]:
    values = {"name": literal(person.name.full)}
    if person.age:
        values["age"] = literal(person.age.text)
    if person.occupation:
        values["occ"] = literal(person.occupation.text)
    if person.interests:
        values["list"] = literal(joined([one.text for one in person.interests]))
    return values


def carelessly(text: str, random: Random) -> str:
    """Return what somebody says as they may type it."""
    text = " ".join(text.split())
    style = random.random()
    if style < 0.55:
        return capitalised(text)
    if style < 0.65:
        return f"{capitalised(text.rstrip('.?!'))}."
    return text if style < 0.9 else text.lower()
