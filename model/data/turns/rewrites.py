"""Wishes for the same persona in another form: tone, length, list, JSON or with new facts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random

from model.data.chatml import Message
from model.data.conversation import Turn
from model.data.language.grammar import FIRST_PERSON, capitalised, joined
from model.data.people.person import Person, a_tone
from model.data.persona.fields import fragment, held, keywords
from model.data.persona.paragraph import write
from model.data.persona.summary import write_summary
from model.data.turns.changes import Change, a_change
from model.data.turns.knowledge import Known, asked, finished, plainly, told
from model.data.turns.requests import Keeps, carelessly, typed_turn

__all__ = ["a_rewrite"]


def a_rewrite(known: Known, keeps: Keeps, random: Random) -> Turn:
    """Return a wish for another version, with that version."""
    while True:
        kinds = _TYPED if known.typed else _PROSE
        kind = random.choices(tuple(kinds), weights=tuple(kinds.values()))[0]
        turn = kind(known, keeps, random)
        if turn is not None:
            return turn


def _turn(
    known: Known, wish: str, answer: str, words: Mapping[str, tuple[str, ...]], random: Random
) -> Turn:
    return Turn(
        asked=(Message("user", carelessly(wish, random)),),
        answer=answer,
        kind="rewrite",
        person=known.person,
        keywords=words,
    )


def _again(known: Known, keeps: Keeps, random: Random) -> Turn:
    person = known.person
    wish = asked(known, "ask again", random, {})
    return _turn(known, wish, _other(person, known.text, random), keywords(person), random)


def _other(person: Person, text: str, random: Random) -> str:
    while (answer := write(person, random)) == text:
        pass
    return answer


def _toned(known: Known, keeps: Keeps, random: Random) -> Turn:
    tone, group = a_tone(random)
    section = "ask tone"
    if random.random() < 0.15:
        section, group = "ask funny", "playful"
    person = replace(known.person, group=group)
    wish = asked(known, section, random, {"tone": tone})
    return _turn(known, wish, write(person, random), keywords(person), random)


def _shorter(known: Known, keeps: Keeps, random: Random) -> Turn | None:
    person = replace(known.person, group="brief")
    answer = min((write(person, random) for _ in range(2)), key=len)
    summary = write_summary(known.person, random, limit=260)
    answer = min(answer, summary, key=len) if random.random() < 0.5 else answer
    if len(answer) > 0.8 * len(known.text):
        return None
    return _turn(known, asked(known, "ask shorter", random, {}), answer, _name(known), random)


def _longer(known: Known, keeps: Keeps, random: Random) -> Turn | None:
    group = "neutral" if known.person.group == "brief" else known.person.group
    person = replace(known.person, group=group)
    answer = max((write(person, random) for _ in range(3)), key=len)
    if len(answer) < 1.1 * len(known.text):
        return None
    return _turn(known, asked(known, "ask longer", random, {}), answer, keywords(person), random)


def _name(known: Known) -> dict[str, tuple[str, ...]]:
    return {"name": (known.person.name.full,)} if known.person.named else {}


def _sentence(known: Known, keeps: Keeps, random: Random) -> Turn | None:
    person, values = known.person, {"full": known.name}
    if not known.name:
        return None
    if known.role:
        values["role"] = known.role
    elif not person.interests:
        return None
    section = "tell sentence" if known.role else "tell sentence without"
    answer = told(known, section, random, values)
    return _turn(known, asked(known, "ask sentence", random, {}), answer, _name(known), random)


def _plain_fields(person: Person, random: Random) -> dict[str, str]:
    """Return the facts as a tidy form."""
    fields: dict[str, str] = {}
    if person.named:
        fields["name"] = person.name.full
    if person.age is not None:
        fields["age"] = person.age.text
    if person.occupation is not None:
        fields["occupation"] = person.occupation.text
    if person.interests:
        possessive = person.name.pronouns.possessive
        fields["interests"] = ", ".join(one.said(possessive) for one in person.interests)
    if person.tone is not None:
        fields["tone"] = person.tone
    for note in person.notes:
        field = note.field or "notes"
        said = fragment(note, person, random)
        fields[field] = f"{fields[field]}; {said}" if field in fields else said
    return fields


def _listed(known: Known, keeps: Keeps, random: Random) -> Turn | None:
    if not known.name:
        return None
    fields = {"name": known.name} | _plain_fields(known.person, random)
    fields.pop("tone", None)
    lines = [f"- {name.capitalize()}: {capitalised(value)}" for name, value in fields.items()]
    answer = "\n".join(lines)
    words = held(keywords(known.person), answer)
    return _turn(known, asked(known, "ask list", random, {}), answer, words, random)


def _first_person(known: Known, keeps: Keeps, random: Random) -> Turn | None:
    person = known.person
    notes = [note for note in person.notes if note.takes_subject]
    if not known.name or len(notes) < len(person.notes):
        return None
    said = [f"{random.choice(('I am', 'My name is', 'Hello, I am'))} {known.name}"]
    if person.age is not None:
        said[0] += f" and I am {known.facts['age']} years old"
    if person.occupation is not None:
        state = person.occupation.kind == "state"
        said.append(f"I am {'' if state else 'a '}{person.occupation.text}")
    if person.interests:
        items = joined([one.said("my") for one in person.interests])
        said.append(f"I {random.choice(('like', 'love', 'enjoy'))} {items}")
    said += [plainly(note, FIRST_PERSON, random) for note in notes]
    answer = finished(" ".join(f"{one.rstrip('.')}." for one in said))
    return _turn(known, asked(known, "ask first", random, {}), answer, _name(known), random)


def _as_typed(known: Known, keeps: Keeps, random: Random) -> Turn | None:
    wish = asked(known, "ask typed", random, {})
    return _as_json(wish, known.person, keeps, random)


def _as_json(wish: str, person: Person, keeps: Keeps, random: Random) -> Turn | None:
    message = Message("user", carelessly(wish, random))
    return typed_turn((message,), person, _plain_fields(person, random), random, keeps)


def _as_prose(known: Known, keeps: Keeps, random: Random) -> Turn:
    person = known.person
    wish = asked(known, "ask prose", random, {})
    return _turn(known, wish, write(person, random), keywords(person), random)


_TRIES = 150
_NEEDED = ("ask no age", "ask no occupation", "ask no interests")  # JSON always has them


def _changed(known: Known, keeps: Keeps, random: Random) -> Turn | None:
    for _ in range(_TRIES):
        change = a_change(known.person, random)
        if change is None or (known.typed and change.section in _NEEDED):
            continue
        if keeps(change.person):
            return _after(change, known, keeps, random)
    return None


def _after(change: Change, known: Known, keeps: Keeps, random: Random) -> Turn | None:
    values = {"new": change.new, "old": change.old or "older"}
    wish = asked(known, change.section, random, values)
    absent = change.absent(known.person)
    if known.typed:
        turn = _as_json(wish, change.person, keeps, random)
        return turn and replace(turn, absent=absent)
    message = Message("user", carelessly(wish, random))
    return Turn(
        asked=(message,),
        answer=write(change.person, random),
        kind="rewrite",
        person=change.person,
        keywords=change.words,
        absent=absent,
    )


_Kind = Callable[[Known, Keeps, Random], Turn | None]

_PROSE: dict[_Kind, int] = {
    _again: 9,
    _toned: 17,
    _shorter: 11,
    _longer: 7,
    _sentence: 7,
    _listed: 8,
    _first_person: 5,
    _as_typed: 11,
    _changed: 32,
}
_TYPED: dict[_Kind, int] = {_as_prose: 35, _changed: 35, _sentence: 8, _listed: 8, _as_typed: 6}
