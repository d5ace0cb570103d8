"""Draws questions about the latest persona, with answers that use only what is known.

If the conversation does not contain the answer, the answer is that it is not known.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random

from model.data.chatml import Message
from model.data.conversation import Turn
from model.data.people.interests import draw_interests
from model.data.people.notes import Note
from model.data.people.occupations import draw_occupation
from model.data.people.person import draw_person
from model.data.people.vague_age import vague_age_of
from model.data.persona.fields import note_keywords
from model.data.turns.knowledge import (
    Knowledge,
    note_sentence,
    topic_of,
    word_answer,
    word_question,
)
from model.data.turns.requests import typed_casually
from model.data.turns.topics import TOPICS

__all__ = ["draw_question", "draw_yes_no_question"]


def draw_question(known: Knowledge, random: Random) -> Turn:
    """Return a question about the persona, with its answer."""
    return _drawn(_KINDS, known, random)


def draw_yes_no_question(known: Knowledge, random: Random) -> Turn:
    """Return a question whether something is true of the persona, with its answer.

    The first word of the answer is "yes" if the persona says so, and never if it does not.
    """
    return _drawn(_YES_NO_KINDS, known, random)


def _drawn(kinds: Mapping[_Kind, int], known: Knowledge, random: Random) -> Turn:
    while True:
        kind = random.choices(tuple(kinds), weights=tuple(kinds.values()))[0]
        turn = kind(known, random)
        if turn is not None:
            return turn


_Kind = Callable[[Knowledge, Random], Turn | None]
_Keywords = Mapping[str, tuple[str, ...]]
# Keywords of all answers that say "not known", and of all that confirm.
_NOT_KNOWN: _Keywords = {"answer": ("not",)}
_YES: _Keywords = {"answer": ("yes",)}


def _turn(known: Knowledge, question: str, answer: str, words: _Keywords, random: Random) -> Turn:
    return Turn(
        asked=(Message("user", typed_casually(question, random)),),
        answer=answer,
        kind="unknown" if words is _NOT_KNOWN else "question",
        person=known.person,
        keywords=words,
    )


def _question(
    known: Knowledge,
    sections: tuple[str, str],
    words: _Keywords,
    random: Random,
    values: Mapping[str, str] | None = None,
) -> Turn:
    """Return a question from the first section of follow_ups.txt, an answer from the second."""
    question = word_question(known, sections[0], random, values or {}, loosely=True)
    answer = word_answer(known, sections[1], random, values or {})
    return _turn(known, question, answer, words, random)


def _false_question(
    known: Knowledge,
    sections: tuple[str, str],
    words: _Keywords,
    random: Random,
    values: Mapping[str, str],
) -> Turn:
    """Return a question that assumes something false; its answer must not contain "yes"."""
    return replace(_question(known, sections, words, random, values), absent=("yes",))


def _name(known: Knowledge, random: Random) -> Turn | None:
    if not known.name:
        return None
    values = {"full": known.name}
    return _question(known, ("ask name", "tell name"), {"name": (known.name,)}, random, values)


def _age(known: Knowledge, random: Random) -> Turn | None:
    age = known.facts.get("age")
    if age:
        return _question(known, ("ask age", "tell age"), {"age": (age,)}, random)
    if vague := vague_age_of(known.person.notes):
        return _from_notes(known, word_question(known, "ask age", random, {}), [vague], random)
    if _AGE.search(known.text):
        return None
    return _question(known, ("ask age", "not age"), _NOT_KNOWN, random)


_AGE = re.compile(r"\d|\bage|\byears?\b")


def _occupation(known: Knowledge, random: Random) -> Turn | None:
    occupation = known.person.occupation
    if occupation is not None:
        sections = {"state": "tell state", "school": "tell pupil", "study": "tell pupil"}
        section = sections.get(occupation.kind, "tell job")
        words = {"occupation": (occupation.text,)}
        values = {"occ": occupation.text}
        return _question(known, ("ask occupation", section), words, random, values)
    if _mentions(known, _WORK):
        return None
    return _question(known, ("ask occupation", "not occupation"), _NOT_KNOWN, random)


# Words that may say what a person does, even if the form does not.
_WORK = r"work|job|school|class|stud|office|retire|customer|career"


def _interests(known: Knowledge, random: Random) -> Turn | None:
    person = known.person
    if not person.interests:
        return None
    words = {"interests": tuple(one.text for one in person.interests)}
    return _question(known, ("ask interests", "tell interests"), words, random)


def _gift(known: Knowledge, random: Random) -> Turn | None:
    interests = known.person.interests
    if not interests or any(one.takes_possessive for one in interests):
        return None
    words = {"interests": ("|".join(one.text for one in interests),)}
    values = {"i": random.choice(interests).text}
    section = "tell gift one" if len(interests) == 1 else "tell gift"
    return _question(known, ("ask gift", section), words, random, values)


def _likes(known: Knowledge, random: Random) -> Turn | None:
    interests = known.person.interests
    if interests and random.random() < 0.5:
        interest = random.choice(interests)
        if interest.takes_possessive:
            return None
        values = {"i": interest.text}
        return _question(known, ("ask likes", "tell yes"), _YES, random, values)
    other = draw_interests(random, known.person.stage)[0]
    if other.takes_possessive or any(word in known.text.lower() for word in _stems(other.text)):
        return None
    section = "not likes" if interests else "not likes anything"
    return _question(known, ("ask likes", section), _NOT_KNOWN, random, {"i": other.text})


def _stems(text: str) -> list[str]:
    return [word[:5] for word in re.findall(r"\w+", text.lower()) if len(word) > 3] or [text]


def _is_occupation(known: Knowledge, random: Random) -> Turn | None:
    occupation = known.person.occupation
    if occupation is None:
        return _is_unknown_occupation(known, random)
    if occupation.kind != "job":
        return None
    if random.random() < 0.5:
        values = {"other": occupation.text, "occ": occupation.text}
        return _question(known, ("ask is job", "yes job"), _YES, random, values)
    other = _other_job(known, random)
    if not other or set(other.split()) & set(occupation.text.split()):
        return None
    words = {"occupation": (occupation.text,)}
    values = {"other": other, "occ": occupation.text}
    return _false_question(known, ("ask is job", "no job"), words, random, values)


def _is_unknown_occupation(known: Knowledge, random: Random) -> Turn | None:
    other = _other_job(known, random)
    if not other or _mentions(known, _WORK):
        return None
    values = {"other": other}
    return _question(known, ("ask is job", "not occupation"), _NOT_KNOWN, random, values)


def _other_job(known: Knowledge, random: Random) -> str:
    """Return a random job, or "" if something else was drawn."""
    drawn = draw_occupation(random, 40, subject=known.person.name.pronouns.subject)
    return drawn.text if drawn is not None and drawn.kind == "job" else ""


def _is_age(known: Knowledge, random: Random) -> Turn | None:
    age = known.person.age
    if age is None:
        if _AGE.search(known.text) or vague_age_of(known.person.notes):
            return None
        values = {"other": str(random.randint(6, 99))}
        return _question(known, ("ask is age", "not age"), _NOT_KNOWN, random, values)
    text = known.facts["age"]
    if random.random() < 0.5:
        values = {"other": text}
        return _question(known, ("ask is age", "yes age"), _YES, random, values)
    values = {"other": str(random.choice(_other_ages(age.years)))}
    return _false_question(known, ("ask is age", "no age"), {"age": (text,)}, random, values)


def _other_ages(years: int) -> list[int]:
    """Return ages that are easily mistaken for `years`: close, or with a digit in common."""
    tens, ones = divmod(years, 10)
    close = [years + step for step in (-5, -2, -1, 1, 2, 3)]
    alike = [years - 10, years + 10, years + 30, 10 * ones + tens]
    return [one for one in (*close, *alike) if one > 0 and one != years]


def _is_name(known: Knowledge, random: Random) -> Turn | None:
    if not known.name:
        return None
    if random.random() < 0.5:
        values = {"other": known.name, "full": known.name}
        return _question(known, ("ask is name", "yes name"), _YES, random, values)
    other = draw_person(random).name.short
    if other in known.name or known.name in other:
        return None
    values = {"other": other, "full": known.name}
    return _false_question(
        known, ("ask is name", "no name"), {"name": (known.name,)}, random, values
    )


def _who(known: Knowledge, random: Random) -> Turn | None:
    if not known.name:
        return None
    values = {"full": known.name}
    if known.role:
        values["role"] = known.role
    elif not known.person.interests:
        return None
    section = "tell who" if known.role else "tell who without"
    return _question(known, ("ask who", section), {"name": (known.name,)}, random, values)


def _topic(known: Knowledge, random: Random) -> Turn | None:
    topic = random.choice(tuple(TOPICS))
    notes = [note for note in known.person.notes if topic_of(note) == topic]
    question = f"ask {topic}"
    if notes:
        return _from_notes(known, word_question(known, question, random, {}), notes[:1], random)
    # A note without a topic could answer any question.
    if _mentions(known, TOPICS[topic]) or any(map(_has_no_topic, known.person.notes)):
        return None
    return _question(known, (question, f"not {topic}"), _NOT_KNOWN, random)


def _has_no_topic(note: Note) -> bool:
    return not topic_of(note)


def _mentions(known: Knowledge, pattern: str) -> bool:
    notes = " ".join(value.text for note in known.person.notes for value in note.values.values())
    return re.search(pattern, f"{known.text} {notes}", re.IGNORECASE) is not None


def _vague(known: Knowledge, random: Random) -> Turn | None:
    if len(known.person.notes) > 1:
        return None
    # The answer is "not known", so the text must not mention what the question is about.
    question = word_question(known, "ask vague", random, {})
    words = re.findall(r"\w{5,}", question.lower())
    if any(word[:5] in known.text.lower() for word in words if word not in _UNSPECIFIC):
        return None
    return _turn(known, question, word_answer(known, "not vague", random, {}), _NOT_KNOWN, random)


_UNSPECIFIC = frozenset({"which", "where", "favourite", "called", "their", "there", "think"})


def _custom_field(known: Knowledge, random: Random) -> Turn | None:
    notes = [note for note in known.person.notes if note.field]
    if not notes:
        return None
    note = random.choice(notes)
    question = word_question(known, "ask field", random, {"field": note.field})
    same = [one for one in notes if one.field == note.field]
    return _from_notes(known, question, same, random)


def _all_notes(known: Knowledge, random: Random) -> Turn | None:
    notes = list(known.person.notes)
    if not notes:
        return None
    return _from_notes(known, word_question(known, "ask notes", random, {}), notes, random)


def _from_notes(known: Knowledge, question: str, notes: list[Note], random: Random) -> Turn | None:
    answer = ""
    for note in notes:
        # The sentence of another note may already state this one.
        keys = note_keywords(note)
        if not keys or any(key.lower() not in answer.lower() for key in keys):
            answer = f"{answer} {note_sentence(note, known, random)}".strip()
    folded = answer.lower()
    words = [word for note in notes for word in note_keywords(note)]
    stated = tuple(word for word in words if word.lower() in folded)
    if question.lower().startswith(("does ", "is ")) and random.random() < 0.3:
        answer = _confirmed(answer, known)
    return _turn(known, question, answer, {"notes": stated} if stated else {}, random)


def _confirmed(answer: str, known: Knowledge) -> str:
    subject = known.person.name.pronouns.subject
    if not answer.startswith(f"{subject.capitalize()} "):
        return answer
    return f"Yes, {subject}{answer[len(subject) :]}"


# Weights; a kind returns None if it does not suit the persona.
_YES_NO_KINDS: Mapping[_Kind, int] = {_likes: 34, _is_occupation: 24, _is_age: 26, _is_name: 16}
_KINDS: Mapping[_Kind, int] = {
    _name: 8,
    _age: 14,
    _occupation: 13,
    _interests: 13,
    _gift: 5,
    _likes: 16,
    _is_occupation: 8,
    _is_age: 8,
    _is_name: 5,
    _who: 5,
    _topic: 20,
    _vague: 7,
    _custom_field: 7,
    _all_notes: 6,
}
