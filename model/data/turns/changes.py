"""Draws requests that change a fact: the person from then on, and what the visitor writes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from model.data.language.grammar import joined
from model.data.people.interests import draw_interests
from model.data.people.notes import draw_notes
from model.data.people.occupations import draw_occupation
from model.data.people.person import Age, Name, Person, draw_person
from model.data.people.vague_age import vague_age_of
from model.data.persona.fields import keywords, note_keywords
from model.data.turns.knowledge import note_clause, topic_of

__all__ = ["Change", "draw_change"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of one fact.

    Attributes:
        person: The person after the change.
        section: The section of follow_ups.txt with the wording of the request.
        new: The new words in the request, for the slot `new`.
        old: The previous words, for the slot `old`.
        fact: The form field that has new words, "" if none or "notes".
    """

    person: Person
    section: str
    new: str = ""
    old: str = ""
    fact: str = ""

    def absent(self, before: Person) -> tuple[str, ...]:
        """Return the words that were true of the person `before` and are no longer."""
        current = "\n".join(_words(self.person)).lower()
        old = _words(before)
        if self.fact == "name":
            old.append(before.name.short)
        return tuple(word for word in old if word.lower() not in current)

    @property
    def keywords(self) -> dict[str, tuple[str, ...]]:
        """Return the words that any right answer contains: the name and what is new."""
        words = keywords(self.person)
        needed = {name: words[name] for name in ("name", self.fact) if name in words}
        if self.section in {"ask new note", "ask new pet"}:
            needed["notes"] = note_keywords(self.person.notes[-1])
        return needed


def _words(person: Person) -> list[str]:
    return [word for words in keywords(person).values() for word in words]


def draw_change(person: Person, random: Random) -> Change | None:
    """Return a change that suits `person`, or None if the kind that was drawn does not."""
    kind = random.choices(tuple(_KINDS), weights=tuple(_KINDS.values()))[0]
    return kind(person, random)


def _age(person: Person, random: Random) -> Change | None:
    low, high = _STAGES.get(person.stage, (20, 64))
    if person.occupation is None and random.random() < 0.3:
        low, high = 6, 99
    years = random.randint(low, high)
    if person.age is not None and years == person.age.years:
        return None
    notes = tuple(note for note in person.notes if note != vague_age_of(person.notes))
    return Change(
        person=replace(person, age=Age(years=years, text=str(years)), notes=notes),
        section="ask new age",
        new=str(years),
        old=person.age.text if person.age else "",
        fact="age",
    )


# Ages that keep the stage of life, which occupation and notes suit.
_STAGES = {"child": (6, 12), "teen": (13, 19), "adult": (20, 64), "old": (65, 99)}


def _name(person: Person, random: Random) -> Change | None:
    name = draw_person(random).name
    if name.pronouns != person.name.pronouns or name.full == person.name.full:
        return None
    # Mostly the first name alone, as a visitor would write it.
    if random.random() < 0.7:
        name = Name(full=name.short, short=name.short, pronouns=name.pronouns)
    changed = replace(person, name=name, named=True)
    return Change(person=changed, section="ask new name", new=name.full, fact="name")


def _occupation(person: Person, random: Random) -> Change | None:
    occupation = draw_occupation(random, 40, subject=person.name.pronouns.subject)
    if person.stage in ("child", "old") or occupation is None or occupation.kind != "job":
        return None
    if person.occupation is not None and person.occupation.text == occupation.text:
        return None
    return Change(
        person=replace(person, occupation=occupation),
        section="ask new occupation",
        new=occupation.text,
        fact="occupation",
    )


def _added_interest(person: Person, random: Random) -> Change | None:
    new = draw_interests(random, person.stage)[0]
    if (
        new.takes_possessive
        or len(person.interests) > 3
        or new.text in [one.text for one in person.interests]
    ):
        return None
    changed = replace(person, interests=(*person.interests, new))
    return Change(person=changed, section="ask new interest", new=new.text, fact="interests")


def _replaced_interests(person: Person, random: Random) -> Change | None:
    new = draw_interests(random, person.stage)
    if not person.interests or any(one.takes_possessive for one in new):
        return None
    items = joined([one.text for one in new])
    changed = replace(person, interests=new)
    return Change(person=changed, section="ask other interests", new=items, fact="interests")


def _added_note(person: Person, random: Random) -> Change | None:
    note = draw_notes(random, person.stage)[0]
    topics = {topic_of(one) for one in person.notes} - {""}
    if not note.takes_subject or topic_of(note) in topics or len(person.notes) > 3:
        return None
    clause = note_clause(note, person.name.pronouns, random)
    verb = next((lead for lead in ("has a ", "have a ") if f" {lead}" in clause), "")
    changed = replace(person, notes=(*person.notes, note))
    if topic_of(note) == "pet" and verb:
        # "he has a cat called Miso" is requested as "give him a cat called Miso".
        pet = f"a {clause.partition(f' {verb}')[2]}"
        return Change(person=changed, section="ask new pet", new=pet)
    return Change(person=changed, section="ask new note", new=clause)


def _removed(person: Person, random: Random) -> Change | None:
    field = random.choice(("age", "age", "occupation", "interests", "notes"))
    empty: dict[str, object] = {"age": None, "occupation": None, "interests": (), "notes": ()}
    if not getattr(person, field):
        return None
    changed = replace(person, **{field: empty[field]})  # type: ignore[arg-type]
    if not (changed.named or changed.age or changed.occupation or changed.interests):
        return None
    if field == "notes" and (person.pronoun_typed or any(note.field for note in person.notes)):
        return None
    return Change(person=changed, section=f"ask no {field}")


# Weights; a kind returns None if it does not suit the person.
_KINDS: dict[Callable[[Person, Random], Change | None], int] = {
    _age: 22,
    _name: 20,
    _occupation: 16,
    _added_interest: 16,
    _replaced_interests: 5,
    _added_note: 16,
    _removed: 12,
}
