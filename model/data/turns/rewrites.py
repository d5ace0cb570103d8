"""Draws requests for another version of the persona: another tone, length or form, other facts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random

from model.data.chatml import Message
from model.data.conversation import Turn
from model.data.language.grammar import FIRST_PERSON, capitalized, joined
from model.data.people.person import Person, draw_tone
from model.data.persona.fields import contained, keywords, note_fragment
from model.data.persona.paragraph import write_paragraph
from model.data.persona.summary import write_summary
from model.data.turns.changes import Change, draw_change
from model.data.turns.knowledge import (
    Knowledge,
    note_clause,
    tidied,
    word_answer,
    word_question,
)
from model.data.turns.requests import PersonFilter, typed_casually, typed_turn

__all__ = ["draw_rewrite"]


def draw_rewrite(known: Knowledge, accepts: PersonFilter, random: Random) -> Turn:
    """Return a request for another version of the persona, with that version.

    A changed person passes `accepts`.
    """
    while True:
        kinds = _OF_JSON if known.typed else _OF_PROSE
        kind = random.choices(tuple(kinds), weights=tuple(kinds.values()))[0]
        turn = kind(known, accepts, random)
        if turn is not None:
            return turn


def _turn(
    known: Knowledge,
    request: str,
    answer: str,
    words: Mapping[str, tuple[str, ...]],
    random: Random,
) -> Turn:
    return Turn(
        asked=(Message("user", typed_casually(request, random)),),
        answer=answer,
        kind="rewrite",
        person=known.person,
        keywords=words,
    )


def _again(known: Knowledge, accepts: PersonFilter, random: Random) -> Turn:
    person = known.person
    request = word_question(known, "ask again", random, {})
    answer = _other_paragraph(person, known.text, random)
    return _turn(known, request, answer, keywords(person), random)


def _other_paragraph(person: Person, text: str, random: Random) -> str:
    while (answer := write_paragraph(person, random)) == text:
        pass
    return answer


def _toned(known: Knowledge, accepts: PersonFilter, random: Random) -> Turn:
    tone, group = draw_tone(random)
    section = "ask tone"
    if random.random() < 0.15:
        section, group = "ask funny", "playful"
    person = replace(known.person, group=group)
    request = word_question(known, section, random, {"tone": tone})
    return _turn(known, request, write_paragraph(person, random), keywords(person), random)


def _shorter(known: Knowledge, accepts: PersonFilter, random: Random) -> Turn | None:
    person = replace(known.person, group="brief")
    answer = min((write_paragraph(person, random) for _ in range(2)), key=len)
    summary = write_summary(known.person, random, limit=260)
    answer = min(answer, summary, key=len) if random.random() < 0.5 else answer
    if len(answer) > 0.8 * len(known.text):
        return None
    request = word_question(known, "ask shorter", random, {})
    return _turn(known, request, answer, _name_keyword(known), random)


def _longer(known: Knowledge, accepts: PersonFilter, random: Random) -> Turn | None:
    group = "neutral" if known.person.group == "brief" else known.person.group
    person = replace(known.person, group=group)
    answer = max((write_paragraph(person, random) for _ in range(3)), key=len)
    if len(answer) < 1.1 * len(known.text):
        return None
    request = word_question(known, "ask longer", random, {})
    return _turn(known, request, answer, keywords(person), random)


def _name_keyword(known: Knowledge) -> dict[str, tuple[str, ...]]:
    return {"name": (known.person.name.full,)} if known.person.named else {}


def _sentence(known: Knowledge, accepts: PersonFilter, random: Random) -> Turn | None:
    person, values = known.person, {"full": known.name}
    if not known.name:
        return None
    if known.role:
        values["role"] = known.role
    elif not person.interests:
        return None
    section = "tell sentence" if known.role else "tell sentence without"
    answer = word_answer(known, section, random, values)
    request = word_question(known, "ask sentence", random, {})
    return _turn(known, request, answer, _name_keyword(known), random)


def _tidy_form(person: Person, random: Random) -> dict[str, str]:
    """Return the facts as a form, typed without variation in case or order."""
    fields: dict[str, str] = {}
    if person.named:
        fields["name"] = person.name.full
    if person.age is not None:
        fields["age"] = person.age.text
    if person.occupation is not None:
        fields["occupation"] = person.occupation.text
    if person.interests:
        possessive = person.name.pronouns.possessive
        fields["interests"] = ", ".join(one.phrase(possessive) for one in person.interests)
    if person.tone is not None:
        fields["tone"] = person.tone
    for note in person.notes:
        field = note.field or "notes"
        if field == "age" and person.age is not None:
            continue  # "in her forties", from which a JSON persona has made 47
        fragment = note_fragment(note, person, random)
        fields[field] = f"{fields[field]}; {fragment}" if field in fields else fragment
    return fields


def _listed(known: Knowledge, accepts: PersonFilter, random: Random) -> Turn | None:
    if not known.name:
        return None
    fields = {"name": known.name} | _tidy_form(known.person, random)
    fields.pop("tone", None)
    lines = [f"- {name.capitalize()}: {capitalized(value)}" for name, value in fields.items()]
    answer = "\n".join(lines)
    words = contained(keywords(known.person), answer)
    request = word_question(known, "ask list", random, {})
    return _turn(known, request, answer, words, random)


def _first_person(known: Knowledge, accepts: PersonFilter, random: Random) -> Turn | None:
    person = known.person
    notes = [note for note in person.notes if note.takes_subject]
    if not known.name or len(notes) < len(person.notes):
        return None
    sentences = [f"{random.choice(('I am', 'My name is', 'Hello, I am'))} {known.name}"]
    if person.age is not None:
        sentences[0] += f" and I am {known.facts['age']} years old"
    if person.occupation is not None:
        state = person.occupation.kind == "state"
        sentences.append(f"I am {'' if state else 'a '}{person.occupation.text}")
    if person.interests:
        items = joined([one.phrase("my") for one in person.interests])
        sentences.append(f"I {random.choice(('like', 'love', 'enjoy'))} {items}")
    sentences += [note_clause(note, FIRST_PERSON, random) for note in notes]
    answer = tidied(" ".join(f"{one.rstrip('.')}." for one in sentences))
    request = word_question(known, "ask first", random, {})
    return _turn(known, request, answer, _name_keyword(known), random)


def _as_typed(known: Knowledge, accepts: PersonFilter, random: Random) -> Turn | None:
    request = word_question(known, "ask typed", random, {})
    return _as_json(request, known.person, accepts, random)


def _as_json(request: str, person: Person, accepts: PersonFilter, random: Random) -> Turn | None:
    message = Message("user", typed_casually(request, random))
    return typed_turn((message,), person, _tidy_form(person, random), random, accepts)


def _as_prose(known: Knowledge, accepts: PersonFilter, random: Random) -> Turn:
    person = known.person
    request = word_question(known, "ask prose", random, {})
    return _turn(known, request, write_paragraph(person, random), keywords(person), random)


_MAX_TRIES = 150
# Removals that a JSON persona cannot reflect: it always has these fields.
_NOT_OF_JSON = ("ask no age", "ask no occupation", "ask no interests")


def _changed(known: Knowledge, accepts: PersonFilter, random: Random) -> Turn | None:
    for _ in range(_MAX_TRIES):
        change = draw_change(known.person, random)
        if change is None or (known.typed and change.section in _NOT_OF_JSON):
            continue
        if accepts(change.person):
            return _change_turn(change, known, accepts, random)
    return None


def _change_turn(
    change: Change, known: Knowledge, accepts: PersonFilter, random: Random
) -> Turn | None:
    values = {"new": change.new, "old": change.old or "older"}
    request = word_question(known, change.section, random, values)
    absent = change.absent(known.person)
    if known.typed:
        turn = _as_json(request, change.person, accepts, random)
        return turn and replace(turn, absent=absent)
    message = Message("user", typed_casually(request, random))
    return Turn(
        asked=(message,),
        answer=write_paragraph(change.person, random),
        kind="rewrite",
        person=change.person,
        keywords=change.keywords,
        absent=absent,
    )


_Kind = Callable[[Knowledge, PersonFilter, Random], Turn | None]

# Weights; a kind returns None if it does not suit the persona.
_OF_PROSE: dict[_Kind, int] = {
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
_OF_JSON: dict[_Kind, int] = {_as_prose: 35, _changed: 35, _sentence: 8, _listed: 8, _as_typed: 6}
