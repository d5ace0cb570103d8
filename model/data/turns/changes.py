"""Wishes that change a fact: who the person is from then on, and how a visitor says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from model.data.language.grammar import joined
from model.data.people.interests import some_interests
from model.data.people.notes import some_notes
from model.data.people.occupations import an_occupation
from model.data.people.person import Age, Name, Person, a_person
from model.data.persona.fields import keywords, note_keys
from model.data.turns.knowledge import plainly, topic_of

__all__ = ["Change", "a_change"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Somebody after a change, the section that asks for it, its new words and the old ones."""

    person: Person
    section: str
    new: str = ""
    old: str = ""
    fact: str = ""  # the field that has new words

    def absent(self, before: Person) -> tuple[str, ...]:
        """Return the words of what was true before and is no longer."""
        kept = "\n".join(_words(self.person)).lower()
        old = _words(before)
        if self.fact == "name":
            old.append(before.name.short)
        return tuple(word for word in old if word.lower() not in kept)

    @property
    def words(self) -> dict[str, tuple[str, ...]]:
        """Return the words that any right answer contains: the name and what is new."""
        words = keywords(self.person)
        kept = {name: words[name] for name in ("name", self.fact) if name in words}
        if self.section in {"ask new note", "ask new pet"}:
            kept["notes"] = note_keys(self.person.notes[-1])
        return kept


def _words(person: Person) -> list[str]:
    return [word for words in keywords(person).values() for word in words]


def a_change(person: Person, random: Random) -> Change | None:
    """Return a change that suits `person`, or None when the one drawn does not."""
    kind = random.choices(tuple(_KINDS), weights=tuple(_KINDS.values()))[0]
    return kind(person, random)


def _age(person: Person, random: Random) -> Change | None:
    low, high = _STAGES.get(person.stage, (20, 64))
    if person.occupation is None and random.random() < 0.3:
        low, high = 6, 99
    years = random.randint(low, high)
    if person.age is not None and years == person.age.years:
        return None
    return Change(
        person=replace(person, age=Age(years=years, text=str(years))),
        section="ask new age",
        new=str(years),
        old=person.age.text if person.age else "",
        fact="age",
    )


_STAGES = {"child": (6, 12), "teen": (13, 19), "adult": (20, 64), "old": (65, 99)}


def _name(person: Person, random: Random) -> Change | None:
    name = a_person(random).name
    if name.pronouns != person.name.pronouns or name.full == person.name.full:
        return None
    # Mostly the first name alone, as somebody would say it.
    if random.random() < 0.7:
        name = Name(full=name.short, short=name.short, pronouns=name.pronouns)
    changed = replace(person, name=name, named=True)
    return Change(person=changed, section="ask new name", new=name.full, fact="name")


def _occupation(person: Person, random: Random) -> Change | None:
    occupation = an_occupation(random, 40, subject=person.name.pronouns.subject)
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


def _interest(person: Person, random: Random) -> Change | None:
    new = some_interests(random, person.stage)[0]
    if new.own or len(person.interests) > 3 or new.text in [one.text for one in person.interests]:
        return None
    changed = replace(person, interests=(*person.interests, new))
    return Change(person=changed, section="ask new interest", new=new.text, fact="interests")


def _interests(person: Person, random: Random) -> Change | None:
    new = some_interests(random, person.stage)
    if not person.interests or any(one.own for one in new):
        return None
    said = joined([one.text for one in new])
    changed = replace(person, interests=new)
    return Change(person=changed, section="ask other interests", new=said, fact="interests")


def _note(person: Person, random: Random) -> Change | None:
    note = some_notes(random, person.stage)[0]
    topics = {topic_of(one) for one in person.notes} - {""}
    if not note.takes_subject or topic_of(note) in topics or len(person.notes) > 3:
        return None
    said = plainly(note, person.name.pronouns, random)
    verb = next((lead for lead in ("has a ", "have a ") if f" {lead}" in said), "")
    changed = replace(person, notes=(*person.notes, note))
    if topic_of(note) == "pet" and verb:
        pet = f"a {said.partition(f' {verb}')[2]}"
        return Change(person=changed, section="ask new pet", new=pet)
    return Change(person=changed, section="ask new note", new=said)


def _without(person: Person, random: Random) -> Change | None:
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


_KINDS: dict[Callable[[Person, Random], Change | None], int] = {
    _age: 22,
    _name: 20,
    _occupation: 16,
    _interest: 16,
    _interests: 5,
    _note: 16,
    _without: 12,
}
