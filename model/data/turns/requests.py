"""Draws turns that request a persona: by a form or in free text, as prose or as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random

from model.data.chatml import Message
from model.data.conversation import Turn
from model.data.language.grammar import capitalized, fix_articles, joined
from model.data.language.lexicon import templates
from model.data.language.template import Template, literal
from model.data.people.completing import completed
from model.data.people.person import Person, draw_person, with_common_name
from model.data.persona.fields import contained, form_fields, keywords
from model.data.persona.paragraph import write_paragraph
from model.data.persona.speakers import fill
from model.data.persona.typed import typed_answer, typed_keywords
from model.data.prompts import persona_messages

__all__ = [
    "PersonFilter",
    "draw_form_turn",
    "draw_free_turn",
    "draw_system",
    "typed_casually",
    "typed_turn",
]

# Says whether a person belongs to the split that is being drawn.
PersonFilter = Callable[[Person], bool]


def draw_form_turn(
    random: Random, accepts: PersonFilter, *, typed: bool = False, later: bool = False
) -> Turn:
    """Return a turn that requests a persona by a form, as prose or, if `typed`, as JSON.

    A `later` turn has no system message, because the conversation has already started.
    """
    while (turn := _form_turn(random, accepts, typed=typed, later=later)) is None:
        pass
    return turn


def _form_turn(random: Random, accepts: PersonFilter, *, typed: bool, later: bool) -> Turn | None:
    person = _draw_accepted(random, accepts)
    fields = form_fields(person, random)
    prompt = persona_messages(fields, typed=typed)
    asked = [Message(one["role"], one["content"]) for one in prompt]
    if later:
        asked = asked[1:]
    elif random.random() < 0.06:
        asked[0:1] = draw_system(random)
    if typed:
        return typed_turn(tuple(asked), person, fields, random, accepts)
    return Turn(
        asked=tuple(asked),
        answer=write_paragraph(person, random),
        kind="persona",
        person=person,
        fields=fields,
        keywords=keywords(person),
    )


def _draw_accepted(random: Random, accepts: PersonFilter) -> Person:
    while not accepts(person := draw_person(random)):
        pass
    return person


def typed_turn(
    asked: tuple[Message, ...],
    person: Person,
    fields: Mapping[str, str],
    random: Random,
    accepts: PersonFilter,
) -> Turn | None:
    """Return the turn whose answer is `person` as JSON, completed at random.

    None if no completed person that was tried passes `accepts`.
    """
    candidates = (completed(person, random) for _ in range(60))
    whole = next(filter(accepts, candidates), None)
    if whole is None:
        return None
    answer = typed_answer(whole, random, fields=fields)
    return Turn(
        asked=asked,
        answer=answer,
        kind="typed",
        person=whole,
        fields=fields,
        # A right answer may lack what is too long for its place in the JSON.
        keywords=contained(typed_keywords(person, fields), answer),
    )


def draw_system(random: Random) -> tuple[Message, ...]:
    """Return no system message, an empty one, or a usual one: no answer may depend on it."""
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


def draw_free_turn(random: Random, accepts: PersonFilter) -> Turn:
    """Return a turn that requests a persona in free text, without a system message."""
    while not accepts((drawn := _draw_described(random))[0]):
        pass
    person, description = drawn
    request = random.choice(templates("requests", "ask")).text
    text = fill(request, {"facts": literal(description)}, random=random)
    return Turn(
        asked=(Message("user", typed_casually(text, random)),),
        answer=write_paragraph(person, random),
        kind="persona",
        person=person,
        keywords=keywords(person),
    )


def _draw_described(random: Random) -> tuple[Person, str]:
    """Return a person and a description that states all of their facts."""
    person, usable = _draw_describable(random)
    template = random.choice(usable)
    person = replace(
        person,
        named="name" in template.slots,
        age=person.age if "age" in template.slots else None,
        occupation=person.occupation if "occ" in template.slots else None,
        interests=person.interests if "list" in template.slots else (),
        notes=(),
        tone=None,
        group=person.group if person.tone is None else "neutral",
    )
    person = with_common_name(person, random)
    return person, fix_articles(fill(template.text, _slot_values(person), random=random))


def _draw_describable(random: Random) -> tuple[Person, list[Template]]:
    """Return a person and the templates whose slots they can fill, at least one."""
    while True:
        person = draw_person(random)
        if person.pronoun_typed or person.pronoun_field:
            continue  # a request in free text has no place for the pronouns
        slots = _available_slots(person)
        usable = [one for one in templates("requests", "facts") if one.slots <= slots]
        if usable:
            return person, usable


def _available_slots(person: Person) -> set[str]:
    slots = {"name"} if person.named else set()
    slots |= {"age"} if person.age else set()
    slots |= {"list"} if person.interests else set()
    kind = person.occupation.kind if person.occupation else "state"
    return slots | ({"occ"} if kind != "state" else set())


def _slot_values(person: Person) -> dict[str, Template]:
    values = {"name": literal(person.name.full)}
    if person.age:
        values["age"] = literal(person.age.text)
    if person.occupation:
        values["occ"] = literal(person.occupation.text)
    if person.interests:
        values["list"] = literal(joined([one.text for one in person.interests]))
    return values


def typed_casually(text: str, random: Random) -> str:
    """Return a message as somebody may type it: with or without capitals and a full stop."""
    text = " ".join(text.split())
    style = random.random()
    if style < 0.55:
        return capitalized(text)
    if style < 0.65:
        return f"{capitalized(text.rstrip('.?!'))}."
    return text if style < 0.9 else text.lower()
