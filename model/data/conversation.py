"""Puts conversations together: mostly one persona, some with several turns, some small talk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random

from model.data.chatml import Message
from model.data.fields import form_fields, keywords
from model.data.grammar import capitalised, fix_articles, joined
from model.data.lexicon import note_forms, templates
from model.data.notes import bind
from model.data.people import Person, a_person, a_tone
from model.data.prompts import persona_messages
from model.data.template import Template, literal, parse
from model.data.voice import filled
from model.data.writing import write

__all__ = ["Conversation", "Request", "a_conversation", "some_talk"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What one persona was asked for with: the form, and the words the text must contain."""

    fields: Mapping[str, str]
    keywords: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """Messages that end with an answer, and the requests for personas among them."""

    messages: tuple[Message, ...]
    requests: tuple[Request, ...]


def a_conversation(random: Random) -> Conversation:
    """Return a conversation of the kind training needs, drawn at random."""
    kind = random.choices(("form", "turns", "words", "talk"), weights=(72, 11, 9, 8))[0]
    if kind == "form":
        return _joined([_by_form(random, system=True)])
    if kind == "turns":
        return _several_turns(random)
    if kind == "words":
        return _joined([_system(random), _in_words(random)])
    return _joined([_system(random), *(some_talk(random) for _ in range(random.choice((1, 1, 2))))])


_Turn = tuple[tuple[Message, ...], tuple[Request, ...]]


def _joined(turns: list[_Turn]) -> Conversation:
    return Conversation(
        messages=tuple(message for messages, _ in turns for message in messages),
        requests=tuple(request for _, requests in turns for request in requests),
    )


def _by_form(random: Random, *, system: bool, person: Person | None = None) -> _Turn:
    person = person or a_person(random)
    fields = form_fields(person, random)
    prompt = [Message(one["role"], one["content"]) for one in persona_messages(fields)]
    if not system:
        prompt = prompt[1:]
    elif random.random() < 0.06:
        prompt[0:1] = _system(random)[0]
    answer = Message("assistant", write(person, random))
    return (*prompt, answer), (Request(fields=fields, keywords=keywords(person)),)


def _system(random: Random) -> _Turn:
    style = random.random()
    if style < 0.4:
        return (), ()
    if style < 0.55:
        return (Message("system", ""),), ()
    if style < 0.7:
        form = persona_messages({"age": str(random.randint(6, 99))})
        return (Message("system", form[0]["content"]),), ()
    return (Message("system", random.choice(templates("requests", "system")).text),), ()


def _several_turns(random: Random) -> Conversation:
    person = a_person(random)
    turns = [_by_form(random, system=True, person=person)]
    for _ in range(random.choices((1, 2, 3, 5), weights=(60, 25, 10, 5))[0]):
        kind = random.choices(("talk", "form", "words", "again"), weights=(25, 35, 12, 28))[0]
        if kind == "talk":
            turns.append(some_talk(random))
        elif kind == "form":
            person = a_person(random)
            turns.append(_by_form(random, system=False, person=person))
        elif kind == "words":
            turns.append(_in_words(random))
        elif kind == "again" and turns[-1][1]:
            person, turn = _another_version(person, turns[-1][1], random)
            turns.append(turn)
    return _joined(turns)


def _another_version(
    person: Person, requests: tuple[Request, ...], random: Random
) -> tuple[Person, _Turn]:
    kind = random.choice(("again", "tone", "tone", "shorter"))
    values: dict[str, Template] = {}
    if kind == "tone":
        tone, group = a_tone(random)
        person = replace(person, group=group)
        values["tone"] = parse(tone)
    elif kind == "shorter":
        person = replace(person, group="brief")
    wish = filled(random.choice(templates("requests", kind)).text, values, random=random)
    messages = (Message("user", _typed(wish, random)), Message("assistant", write(person, random)))
    return person, (messages, ())


def _in_words(random: Random) -> _Turn:
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
    said = fix_articles(filled(facts.text, _values(person), random=random))
    ask = random.choice(templates("requests", "ask")).text
    text = filled(ask, {"facts": literal(said)}, random=random)
    request = Request(fields={"request": said}, keywords=keywords(person))
    messages = (Message("user", _typed(text, random)), Message("assistant", write(person, random)))
    return messages, (request,)


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


def some_talk(random: Random) -> _Turn:
    """Return one exchange of small talk: what a visitor may say and an honest answer."""
    form = random.choice(note_forms("chats"))
    question, answer = random.choice(form.inputs), random.choice(form.outputs)
    values: dict[str, Template] = {}
    bind(question, values, random)
    asked = filled(question.text, values, random=random)
    told = filled(answer.text, values, random=random).strip()
    return (Message("user", _typed(asked, random)), Message("assistant", told)), ()


def _typed(text: str, random: Random) -> str:
    text = " ".join(text.split())
    style = random.random()
    if style < 0.55:
        return capitalised(text)
    if style < 0.65:
        return f"{capitalised(text.rstrip('.?!'))}."
    return text if style < 0.9 else text.lower()
