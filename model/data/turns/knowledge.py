"""What is known of the persona just written, and the two who speak about it: asker and teller."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from random import Random

from model.data.conversation import Turn
from model.data.language.grammar import (
    PRONOUNS,
    Pronouns,
    capitalised,
    conjugated,
    fix_articles,
    joined,
)
from model.data.language.lexicon import note_forms, templates
from model.data.language.template import expand
from model.data.people.notes import Note
from model.data.people.person import Person, told_facts
from model.data.persona.fields import note_keys
from model.data.persona.speakers import Narrator, Visitor

__all__ = [
    "Known",
    "asked",
    "finished",
    "known_after",
    "known_from",
    "note_sentence",
    "plainly",
    "told",
    "topic_of",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The persona as last told: its person, its text, and the facts to ask about.

    `typed` says that it was told as JSON.
    """

    person: Person
    text: str
    typed: bool
    facts: Mapping[str, str]

    @property
    def name(self) -> str:
        """Return the name as it was told, or "" when the text has none."""
        name = self.person.name
        return next((one for one in (name.full, name.short) if one in self.text), "")

    @property
    def role(self) -> str:
        """Return the occupation with the age, "a 36-year-old baker", or "" where there is none."""
        occupation = self.person.occupation
        if occupation is None or occupation.kind == "state":
            return ""
        aged = f"{self.facts['age']}-year-old " if self.person.age is not None else ""
        return f"a {aged}{occupation.text}"


def known_from(turn: Turn) -> Known:
    """Return what is known after a persona was written."""
    person = turn.person
    assert person is not None
    if turn.kind != "typed":
        return Known(person=person, text=turn.answer, typed=False, facts=_facts(person))
    data = json.loads(turn.answer)
    facts = _facts(person) | {"age": str(data["age"])}
    text = f"{data['name']}. {data['summary']}"
    return Known(person=person, text=text, typed=True, facts=facts)


def known_after(known: Known, turn: Turn) -> Known:
    """Return what is known after a persona was written anew, with the longest text at hand.

    A list, a sentence or a short version hides nothing of what was said before.
    """
    new = known_from(turn)
    if turn.kind == "rewrite" and new.person == known.person:
        return replace(known, text=f"{known.text} {turn.answer}", typed=False)
    return new


def _facts(person: Person) -> dict[str, str]:
    facts = told_facts(person)
    if person.interests:
        possessive = person.name.pronouns.possessive
        facts["list"] = joined([one.said(possessive) for one in person.interests])
    return facts


class _Asker:
    """Asks about somebody by the pronoun or by the name, the same throughout."""

    def __init__(self, pronouns: Pronouns, *, name: str, values: Mapping[str, str]) -> None:
        self._pronouns = pronouns
        self._name = name
        self._values = values

    def slot(self, name: str) -> str:
        """Return the words for a slot."""
        if name == "P":
            return self._name or self._pronouns.subject
        if name == "O":
            return self._name or self._pronouns.object
        if name == "Q":
            return f"{self._name}'s" if self._name else self._pronouns.possessive
        if name in ("they", "them", "their"):
            return _form(self._pronouns, name)
        return self._values[name]

    def verb(self, verb: str) -> str:
        """Return the verb as it agrees with the subject."""
        return conjugated(verb, pronouns=None if self._name else self._pronouns)

    def has(self, name: str) -> bool:
        """Return whether the slot has words."""
        return name in self._values


def _form(pronouns: Pronouns, name: str) -> str:
    forms = {"they": pronouns.subject, "them": pronouns.object, "their": pronouns.possessive}
    return forms[name]


def asked(
    known: Known, section: str, random: Random, values: Mapping[str, str], *, loosely: bool = False
) -> str:
    """Return a wording of a question or a wish.

    `loosely` is for a question: it may use other pronouns than the text does.
    """
    name = known.person.name
    pronouns = _loose(name.pronouns, random) if loosely else name.pronouns
    by_name = known.name and not section.endswith(" name") and random.random() < 0.22
    speaker = _Asker(pronouns, name=name.short if by_name else "", values=values)
    template = random.choice(templates("follow_ups", section))
    return fix_articles(expand(template, speaker=speaker, random=random))


def _loose(pronouns: Pronouns, random: Random) -> Pronouns:
    if pronouns.plural and random.random() < 0.12:
        return PRONOUNS[random.choice(("she", "he"))]
    return PRONOUNS["they"] if random.random() < 0.05 else pronouns


def told(known: Known, section: str, random: Random, values: Mapping[str, str]) -> str:
    """Return a wording of an answer."""
    narrator = Narrator(known.person.name, facts={**known.facts, **values}, random=random)
    text = narrator.tell(random.choice(templates("follow_ups", section)))
    return finished(text)


def finished(text: str) -> str:
    """Return `text` with capitals where sentences start, and the right articles."""
    text = re.sub(r"(?<!\.)\.\.(?!\.)", ".", text)  # after an initial
    text = re.sub(r"(?<=[.!?] )(she|he|they)\b", lambda match: match[0].capitalize(), text)
    return fix_articles(capitalised(re.sub(r" +(?=[ ,.]|$)", "", text)))


def note_sentence(note: Note, known: Known, random: Random) -> str:
    """Return the note as a sentence: as it was told, or in plain words."""
    said = "" if known.typed else _as_told(note_keys(note), known)
    if note.takes_subject and (not said or random.random() < 0.6):
        return finished(f"{plainly(note, known.person.name.pronouns, random)}.")
    if said:
        return said
    narrator = Narrator(known.person.name, facts=known.facts, random=random)
    text = narrator.tell(note.told, values=note.values).rstrip(".")
    return finished(f"{text}.")


def plainly(note: Note, pronouns: Pronouns, random: Random) -> str:
    """Return the note as a visitor says it with a subject, without capital or full stop."""
    speaker = Visitor(pronouns, subject=True, values=note.values, random=random)
    return speaker.tell(note.typed)


def _as_told(keys: tuple[str, ...], known: Known) -> str:
    if not keys or ". " in known.person.name.full:
        return ""
    for sentence in re.split(r"(?<=[.!?]) ", known.text):
        folded = sentence.lower()
        if sentence[0].isupper() and all(key.lower() in folded for key in keys):
            return capitalised(_LEAD.sub("", sentence))
    return ""


# How a paragraph leads to a fact; an answer needs no bridge.
_LEAD = re.compile(
    r"^(In addition, |As it happens, |And there is more: |One more thing: "
    r"|It is (also )?true that |It is worth knowing that |It should be mentioned that "
    r"|People soon learn that |Friends know that |Those close to (her|him|them) know that "
    r"|As (her|his|their) friends know, )"
)


def topic_of(note: Note) -> str:
    """Return the topic of a note, "" when it has none of its own."""
    return _topics().get((note.field, note.typed.text), "")


@cache
def _topics() -> dict[tuple[str, str], str]:
    return {
        (field, line.text): form.topic
        for file in ("notes", "clauses", "extras")
        for form in note_forms(file)
        for field in form.fields or ("",)
        for line in form.inputs
        if form.topic.isalpha()  # else it is only the block's last line
    }
