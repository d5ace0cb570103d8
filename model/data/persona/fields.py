"""Fills in the form for a person as a visitor would; fields as in `pywebllm.persona.prompt.FIELDS`.

Visitors type in any case and order, with stray spaces and different separators. `keywords` says
what the persona must contain nevertheless.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from random import Random

from model.data.language.grammar import FIRST_PERSON, Pronouns, capitalized, fix_articles, joined
from model.data.language.template import Template
from model.data.people.notes import Note
from model.data.people.person import Person
from model.data.people.vague_age import vague_age_of
from model.data.persona.speakers import Visitor

__all__ = ["EMOJIS", "contained", "form_fields", "keywords", "note_fragment", "note_keywords"]

# Visitors add them after words. The persona leaves them out, because they add no facts.
EMOJIS = ("😀", "😊", "❤️", "🎉", "🐶", "🍕", "⚽", "🎸", "🌱", "✨", "📚", "🙂")

# Names that other pages may use for the same fields.
_ALTERNATIVE_NAMES = {
    "interests": "hobbies",
    "occupation": "job",
    "notes": "about",
    "tone": "style",
}


def form_fields(person: Person, random: Random) -> dict[str, str]:
    """Return the form as a visitor fills it in; facts that are not given have no field."""
    fields: dict[str, str] = {}
    if person.named:
        fields["name"] = _cased_name(person.name.full, random)
    if person.age is not None or vague_age_of(person.notes) is not None:
        # `_custom_fields` fills in an age that is a note, in this place.
        fields["age"] = _typed_age(person.age.text, random) if person.age is not None else ""
    if person.occupation is not None:
        fields["occupation"] = _cased(person.occupation.text, random)
    if person.interests:
        fields["interests"] = _typed_list(_typed_interests(person, random), random)
    if person.tone is not None:
        fields["tone"] = _cased(person.tone, random)
    if any(not note.field for note in person.notes):
        fields["notes"] = _typed_notes(person, random)
    return _varied(fields | _custom_fields(person, random), random)


def _custom_fields(person: Person, random: Random) -> dict[str, str]:
    fields: dict[str, str] = {}
    if person.pronoun_field:
        fields["pronouns"] = _typed_pronouns(person.name.pronouns, random)
    for note in person.notes:
        if note.field:
            fields[note.field] = _typed_note(note, person, random)
    return fields


def keywords(person: Person) -> dict[str, tuple[str, ...]]:
    """Return, for each given field, the words that a persona which uses it contains.

    The tone has none: it affects the style only.
    """
    words: dict[str, tuple[str, ...]] = {}
    if person.named:
        words["name"] = (person.name.full,)
    if person.age is not None:
        words["age"] = (person.age.text,)
    if person.occupation is not None:
        words["occupation"] = (person.occupation.text,)
    if person.interests:
        words["interests"] = tuple(one.text for one in person.interests)
    for note in person.notes:
        field = note.field or "notes"
        words[field] = (*words.get(field, ()), *note_keywords(note))
    return words


def contained(words: Mapping[str, tuple[str, ...]], answer: str) -> dict[str, tuple[str, ...]]:
    """Return the keywords that `answer` contains, in any case, without fields that have none."""
    folded = answer.lower()
    found = {
        name: tuple(one for one in some if one.lower() in folded) for name, some in words.items()
    }
    return {name: some for name, some in found.items() if some}


def note_keywords(note: Note) -> tuple[str, ...]:
    """Return the words that a text which states this note contains."""
    words = (part for value in note.values.values() for part in _fixed_parts(value))
    return (*note.keys, *words)


def _fixed_parts(value: Template) -> tuple[str, ...]:
    """Return the parts of a slot's words that are the same for every speaker.

    "[has] lunch with {their} mother" has "lunch with" and "mother".
    """
    if len(value.parts) == 1 and value.parts[0] == value.text:
        return (value.text,)
    if set(value.text) & set("(<"):
        return ()
    parts = (part.strip(" ,.") for part in value.parts if isinstance(part, str))
    return tuple(part for part in parts if len(part) > 2)


def note_fragment(note: Note, person: Person, random: Random) -> str:
    """Return the note as a visitor types it without a subject: "has two cats"."""
    visitor = Visitor(person.name.pronouns, subject=False, values=note.values, random=random)
    return fix_articles(visitor.expand(note.input))


def _typed_pronouns(pronouns: Pronouns, random: Random) -> str:
    parts = [pronouns.subject, pronouns.object, pronouns.possessive]
    parts = parts[: random.choice((1, 2, 2, 2, 3))]
    return _cased(random.choice(("/", "/", "/", " / ")).join(parts), random)


def _typed_note(note: Note, person: Person, random: Random) -> str:
    text = note_fragment(note, person, random)
    return _in_capitals(capitalized(text) if random.random() < 0.4 else text, random)


def _typed_interests(person: Person, random: Random) -> list[str]:
    possessive = person.name.pronouns.possessive
    if not person.pronoun_typed and random.random() < 0.3:
        possessive = "my"
    return [one.phrase(possessive) for one in person.interests]


def _typed_age(text: str, random: Random) -> str:
    style = random.random()
    if style < 0.05:
        return f"{text} years old"
    if style < 0.07:
        return f"{text} years"
    return _cased(text, random)


def _typed_list(items: list[str], random: Random) -> str:
    style = random.random()
    if style < 0.18:
        text = joined(items)
    elif style < 0.82:
        text = ", ".join(items)
    elif style < 0.88:
        text = ",".join(items)
    else:
        text = random.choice(("; ", " and ", " / ", " & ")).join(items)
    if random.random() < 0.04:
        return ", ".join(capitalized(item) for item in items)
    return _cased(text, random)


def _typed_notes(person: Person, random: Random) -> str:
    # All notes of a form have one manner: fragments, sentences with a pronoun, or first person.
    manner = random.choices(("fragment", "pronoun", "I"), weights=(62, 24, 14))[0]
    if person.pronoun_typed:
        manner = "pronoun"
    sentences = random.random() < (0.3 if manner == "fragment" else 0.8)
    pronouns = FIRST_PERSON if manner == "I" else person.name.pronouns
    typed: list[str] = []
    for note in person.notes:
        if note.field:
            continue
        subject = manner != "fragment" and note.takes_subject
        visitor = Visitor(pronouns, subject=subject, values=note.values, random=random)
        typed.append(fix_articles(visitor.expand(note.input)))
    if sentences:
        text = " ".join(f"{capitalized(text).rstrip('.')}." for text in typed)
        return _in_capitals(text, random)
    separator = random.choice(_SEPARATORS)
    if separator == " and " and random.random() < 0.5:
        # "I have a cat and live in Leeds": the subject is not repeated.
        typed[1:] = [text.removeprefix(f"{pronouns.subject} ") for text in typed[1:]]
    text = separator.join(typed)
    return _in_capitals(capitalized(text) if random.random() < 0.5 else text, random)


_SEPARATORS = (", ", ", ", ", ", "; ", "; ", ". ", " and ", " and ", " - ", " / ")


def _cased_name(text: str, random: Random) -> str:
    style = random.random()
    return text.lower() if style < 0.05 else text.upper() if style < 0.08 else text


def _in_capitals(text: str, random: Random) -> str:
    """Return the text, rarely all of it or its longest word in capitals."""
    style = random.random()
    if style > 0.06 or not text.isascii():
        return text
    if style < 0.035:
        return text.upper()
    word = max(re.findall(r"[a-z]+", text), key=len, default="")
    return re.sub(rf"\b{word}\b", word.upper(), text, count=1) if len(word) > 3 else text


def _cased(text: str, random: Random) -> str:
    style = random.random()
    if style < 0.7:
        return text
    if style < 0.9:
        return capitalized(text)
    # The model must undo the capitals. For proper nouns and non-ASCII letters it could only guess.
    if style > 0.97 or not text.isascii() or text != text.lower():
        return text
    if style < 0.94:
        return text.upper()
    return " ".join(capitalized(word) for word in text.split(" "))


def _varied(fields: dict[str, str], random: Random) -> dict[str, str]:
    if random.random() < 0.015:
        fields = {
            name: value.upper() if value.isascii() else value for name, value in fields.items()
        }
    if random.random() < 0.05:
        fields = {name: f" {value.replace(' ', '  ')} " for name, value in fields.items()}
    decorated = [name for name in ("interests", "notes", "occupation", "tone") if name in fields]
    if decorated and random.random() < 0.025:
        name = random.choice(decorated)
        fields[name] += f" {random.choice(EMOJIS)}"
    if random.random() < 0.05:
        fields = {name.upper(): value for name, value in fields.items()}
    if random.random() < 0.03:
        fields = {
            _ALTERNATIVE_NAMES.get(name.lower(), name): value for name, value in fields.items()
        }
    if random.random() < 0.2:
        names = random.sample(list(fields), len(fields))
        fields = {name: fields[name] for name in names}
    return fields
