"""What is known of the persona so far, and the wording of questions and answers about it."""

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
    capitalized,
    conjugated,
    fix_articles,
    joined,
)
from model.data.language.lexicon import note_forms, templates
from model.data.language.template import expand
from model.data.people.notes import Note
from model.data.people.person import Person, fact_slots
from model.data.persona.fields import note_keywords
from model.data.persona.speakers import Narrator, Visitor

__all__ = [
    "Knowledge",
    "knowledge_after",
    "knowledge_from",
    "note_clause",
    "note_sentence",
    "tidied",
    "topic_of",
    "word_answer",
    "word_question",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """The latest persona: its person, what its text says, and the facts to ask about.

    `typed` is True if it is JSON; `text` is then the name and the summary. `facts` holds the words
    by slot.
    """

    person: Person
    text: str
    typed: bool
    facts: Mapping[str, str]

    @property
    def name(self) -> str:
        """Return the name as the text states it, or "" if it does not."""
        name = self.person.name
        return next((one for one in (name.full, name.short) if one in self.text), "")

    @property
    def role(self) -> str:
        """Return the occupation, with the age if known ("a 36-year-old baker"), or ""."""
        occupation = self.person.occupation
        if occupation is None or occupation.kind == "state":
            return ""
        age = f"{self.facts['age']}-year-old " if self.person.age is not None else ""
        return f"a {age}{occupation.text}"


def knowledge_from(turn: Turn) -> Knowledge:
    """Return what is known after the first persona, or after one about another person."""
    person = turn.person
    assert person is not None
    if turn.kind != "typed":
        return Knowledge(person=person, text=turn.answer, typed=False, facts=_facts(person))
    data = json.loads(turn.answer)
    facts = _facts(person) | {"age": str(data["age"])}
    text = f"{data['name']}. {data['summary']}"
    return Knowledge(person=person, text=text, typed=True, facts=facts)


def knowledge_after(known: Knowledge, turn: Turn) -> Knowledge:
    """Return what is known after a further persona.

    If it is another version of the same person, the earlier text stays known: a list or a short
    version does not take back what it omits.
    """
    new = knowledge_from(turn)
    if turn.kind == "rewrite" and new.person == known.person:
        return replace(known, text=f"{known.text} {turn.answer}", typed=False)
    return new


def _facts(person: Person) -> dict[str, str]:
    facts = fact_slots(person)
    if person.interests:
        possessive = person.name.pronouns.possessive
        facts["list"] = joined([one.phrase(possessive) for one in person.interests])
    return facts


class _Asker:
    """Refers to a person by pronouns or by name, consistently within one question.

    Slots P, O and Q are the subject, the object and the possessive.
    """

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
        """Return the verb in agreement with the subject."""
        return conjugated(verb, pronouns=None if self._name else self._pronouns)

    def has(self, name: str) -> bool:
        """Return whether there are words for the slot."""
        return name in self._values


def _form(pronouns: Pronouns, name: str) -> str:
    forms = {"they": pronouns.subject, "them": pronouns.object, "their": pronouns.possessive}
    return forms[name]


def word_question(
    known: Knowledge,
    section: str,
    random: Random,
    values: Mapping[str, str],
    *,
    loosely: bool = False,
) -> str:
    """Return a wording of a question or request from a section of follow_ups.txt.

    With `loosely`, which suits questions, it may use other pronouns than the persona does.
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


def word_answer(known: Knowledge, section: str, random: Random, values: Mapping[str, str]) -> str:
    """Return a wording of an answer from a section of follow_ups.txt."""
    narrator = Narrator(known.person.name, facts={**known.facts, **values}, random=random)
    text = narrator.expand(random.choice(templates("follow_ups", section)))
    return tidied(text)


def tidied(text: str) -> str:
    """Return `text` with capitals where sentences start, and the right articles."""
    text = re.sub(r"(?<!\.)\.\.(?!\.)", ".", text)  # after an initial, as in "Ada B.."
    text = re.sub(r"(?<=[.!?] )(she|he|they)\b", lambda match: match[0].capitalize(), text)
    return fix_articles(capitalized(re.sub(r" +(?=[ ,.]|$)", "", text)))


def note_sentence(note: Note, known: Knowledge, random: Random) -> str:
    """Return the note as a sentence: quoted from the persona, or in plain words."""
    quoted = "" if known.typed else _quoted(note_keywords(note), known)
    if note.takes_subject and (not quoted or random.random() < 0.6):
        return tidied(f"{note_clause(note, known.person.name.pronouns, random)}.")
    if quoted:
        return quoted
    narrator = Narrator(known.person.name, facts=known.facts, random=random)
    text = narrator.expand(note.output, values=note.values).rstrip(".")
    return tidied(f"{text}.")


def note_clause(note: Note, pronouns: Pronouns, random: Random) -> str:
    """Return the note with a subject, without capital and full stop: "she has two cats"."""
    speaker = Visitor(pronouns, subject=True, values=note.values, random=random)
    return speaker.expand(note.input)


def _quoted(keys: tuple[str, ...], known: Knowledge) -> str:
    """Return the sentence of the persona that has all of the keywords, or ""."""
    # An initial in the name would look like the end of a sentence.
    if not keys or ". " in known.person.name.full:
        return ""
    for sentence in re.split(r"(?<=[.!?]) ", known.text):
        folded = sentence.lower()
        if sentence[0].isupper() and all(key.lower() in folded for key in keys):
            return capitalized(_LEAD.sub("", sentence))
    return ""


# Leads of a paragraph, as in sentences/life.txt; an answer needs none.
_LEAD = re.compile(
    r"^(In addition, |As it happens, |And there is more: |One more thing: "
    r"|It is (also )?true that |It is worth knowing that |It should be mentioned that "
    r"|People soon learn that |Friends know that |Those close to (her|him|them) know that "
    r"|As (her|his|their) friends know, )"
)


def topic_of(note: Note) -> str:
    """Return the topic that the lexicon gives the note, or "" if it gives none."""
    return _topics().get((note.field, note.input.text), "")


@cache
def _topics() -> dict[tuple[str, str], str]:
    return {
        (field, line.text): form.topic
        for file in ("notes", "clauses", "extras")
        for form in note_forms(file)
        for field in form.fields or ("",)
        for line in form.inputs
        if form.topic.isalpha()  # otherwise it is the last line of the block, see NoteForm
    }
