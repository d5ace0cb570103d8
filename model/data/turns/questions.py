"""Questions about the persona just written, and answers that use only what was said.

Where nothing was said, the answer says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random

from model.data.chatml import Message
from model.data.conversation import Turn
from model.data.people.interests import some_interests
from model.data.people.notes import Note
from model.data.people.occupations import an_occupation
from model.data.people.person import Person, a_person
from model.data.persona.fields import note_keys
from model.data.turns.knowledge import Known, asked, note_sentence, told, topic_of
from model.data.turns.requests import carelessly
from model.data.turns.topics import TOPICS

__all__ = ["a_question"]


def a_question(known: Known, random: Random) -> Turn:
    """Return a question about the persona, with its answer."""
    while True:
        kind = random.choices(tuple(_KINDS), weights=tuple(_KINDS.values()))[0]
        turn = kind(known, random)
        if turn is not None:
            return turn


_Keywords = Mapping[str, tuple[str, ...]]
_UNKNOWN: _Keywords = {"answer": ("not",)}
_YES: _Keywords = {"answer": ("yes",)}


def _turn(known: Known, question: str, answer: str, words: _Keywords, random: Random) -> Turn:
    return Turn(
        asked=(Message("user", carelessly(question, random)),),
        answer=answer,
        kind="unknown" if words is _UNKNOWN else "question",
        person=known.person,
        keywords=words,
    )


def _plain(
    known: Known,
    sections: tuple[str, str],
    words: _Keywords,
    random: Random,
    values: Mapping[str, str] | None = None,
) -> Turn:
    question = asked(known, sections[0], random, values or {}, loosely=True)
    answer = told(known, sections[1], random, values or {})
    return _turn(known, question, answer, words, random)


def _denied(
    known: Known,
    sections: tuple[str, str],
    words: _Keywords,
    random: Random,
    values: Mapping[str, str],
) -> Turn:
    """Return a question about something that is not so."""
    return replace(_plain(known, sections, words, random, values), absent=("yes",))


def _name(known: Known, random: Random) -> Turn | None:
    if not known.name:
        return None
    values = {"full": known.name}
    return _plain(known, ("ask name", "tell name"), {"name": (known.name,)}, random, values)


def _age(known: Known, random: Random) -> Turn | None:
    age = known.facts.get("age")
    if age:
        return _plain(known, ("ask age", "tell age"), {"age": (age,)}, random)
    if re.search(r"\d|\bage|\byears?\b", known.text):
        return None
    return _plain(known, ("ask age", "not age"), _UNKNOWN, random)


def _occupation(known: Known, random: Random) -> Turn | None:
    occupation = known.person.occupation
    if occupation is not None:
        tells = {"state": "tell state", "school": "tell pupil", "study": "tell pupil"}
        tell = tells.get(occupation.kind, "tell job")
        words = {"occupation": (occupation.text,)}
        return _plain(known, ("ask occupation", tell), words, random, _work(known.person))
    if _says(known, r"work|job|school|class|stud|office|retire|customer|career"):
        return None
    return _plain(known, ("ask occupation", "not occupation"), _UNKNOWN, random)


def _work(person: Person) -> dict[str, str]:
    assert person.occupation is not None
    return {"occ": person.occupation.text}


def _interests(known: Known, random: Random) -> Turn | None:
    person = known.person
    if not person.interests:
        return None
    words = {"interests": tuple(one.text for one in person.interests)}
    return _plain(known, ("ask interests", "tell interests"), words, random)


def _gift(known: Known, random: Random) -> Turn | None:
    interests = known.person.interests
    if not interests or any(one.own for one in interests):
        return None
    words = {"interests": ("|".join(one.text for one in interests),)}
    values = {"i": random.choice(interests).text}
    tell = "tell gift one" if len(interests) == 1 else "tell gift"
    return _plain(known, ("ask gift", tell), words, random, values)


def _likes(known: Known, random: Random) -> Turn | None:
    interests = known.person.interests
    if interests and random.random() < 0.55:
        one = random.choice(interests)
        if one.own:
            return None
        values = {"i": one.text}
        return _plain(known, ("ask likes", "tell yes"), _YES, random, values)
    other = some_interests(random, known.person.stage)[0]
    if other.own or any(word in known.text.lower() for word in _stems(other.text)):
        return None
    section = "not likes" if interests else "not likes anything"
    return _plain(known, ("ask likes", section), _UNKNOWN, random, {"i": other.text})


def _stems(text: str) -> list[str]:
    return [word[:5] for word in re.findall(r"\w+", text.lower()) if len(word) > 3] or [text]


def _is_job(known: Known, random: Random) -> Turn | None:
    occupation = known.person.occupation
    if occupation is None or occupation.kind != "job":
        return None
    if random.random() < 0.5:
        values = {"other": occupation.text, "occ": occupation.text}
        return _plain(known, ("ask is job", "yes job"), _YES, random, values)
    other = an_occupation(random, 40, subject=known.person.name.pronouns.subject)
    if (
        other is None
        or other.kind != "job"
        or set(other.text.split()) & set(occupation.text.split())
    ):
        return None
    words = {"occupation": (occupation.text,)}
    values = {"other": other.text, "occ": occupation.text}
    return _denied(known, ("ask is job", "no job"), words, random, values)


def _is_age(known: Known, random: Random) -> Turn | None:
    age = known.person.age
    if age is None:
        return None
    text = known.facts["age"]
    if random.random() < 0.5:
        values = {"other": text}
        return _plain(known, ("ask is age", "yes age"), _YES, random, values)
    values = {"other": str(age.years + random.choice((-5, -2, -1, 1, 2, 3, 10)))}
    return _denied(known, ("ask is age", "no age"), {"age": (text,)}, random, values)


def _is_name(known: Known, random: Random) -> Turn | None:
    if not known.name or random.random() < 0.5:
        return None
    if random.random() < 0.5:
        values = {"other": known.name, "full": known.name}
        return _plain(known, ("ask is name", "yes name"), _YES, random, values)
    other = a_person(random).name.short
    if other in known.name or known.name in other:
        return None
    values = {"other": other, "full": known.name}
    return _denied(known, ("ask is name", "no name"), {"name": (known.name,)}, random, values)


def _who(known: Known, random: Random) -> Turn | None:
    if not known.name:
        return None
    values = {"full": known.name}
    if known.role:
        values["role"] = known.role
    elif not known.person.interests:
        return None
    section = "tell who" if known.role else "tell who without"
    return _plain(known, ("ask who", section), {"name": (known.name,)}, random, values)


def _topic(known: Known, random: Random) -> Turn | None:
    topic = random.choice(tuple(TOPICS))
    notes = [note for note in known.person.notes if topic_of(note) == topic]
    question = f"ask {topic}"
    if notes:
        return _from_notes(known, asked(known, question, random, {}), notes[:1], random)
    if _says(known, TOPICS[topic]) or any(map(_unclear, known.person.notes)):
        return None
    return _plain(known, (question, f"not {topic}"), _UNKNOWN, random)


def _unclear(note: Note) -> bool:
    # A fact without a topic may answer any question.
    return not topic_of(note)


def _says(known: Known, pattern: str) -> bool:
    notes = " ".join(value.text for note in known.person.notes for value in note.values.values())
    return re.search(pattern, f"{known.text} {notes}", re.IGNORECASE) is not None


def _vague(known: Known, random: Random) -> Turn | None:
    if len(known.person.notes) > 1:
        return None
    question = asked(known, "ask vague", random, {})
    told_of = re.findall(r"\w{5,}", question.lower())
    if any(word[:5] in known.text.lower() for word in told_of if word not in _VAGUE):
        return None
    return _turn(known, question, told(known, "not vague", random, {}), _UNKNOWN, random)


_VAGUE = frozenset({"which", "where", "favourite", "called", "their", "there", "think"})


def _own_field(known: Known, random: Random) -> Turn | None:
    notes = [note for note in known.person.notes if note.field]
    if not notes:
        return None
    note = random.choice(notes)
    question = asked(known, "ask field", random, {"field": note.field})
    same = [one for one in notes if one.field == note.field]
    return _from_notes(known, question, same, random)


def _all_notes(known: Known, random: Random) -> Turn | None:
    notes = list(known.person.notes)
    if not notes:
        return None
    return _from_notes(known, asked(known, "ask notes", random, {}), notes, random)


def _from_notes(known: Known, question: str, notes: list[Note], random: Random) -> Turn | None:
    answer = ""
    for note in notes:
        # Two facts may share a sentence.
        keys = note_keys(note)
        if not keys or any(key.lower() not in answer.lower() for key in keys):
            answer = f"{answer} {note_sentence(note, known, random)}".strip()
    folded = answer.lower()
    words = [word for note in notes for word in note_keys(note)]
    held = tuple(word for word in words if word.lower() in folded)
    if question.lower().startswith(("does ", "is ")) and random.random() < 0.3:
        answer = _yes(answer, known)
    return _turn(known, question, answer, {"notes": held} if held else {}, random)


def _yes(answer: str, known: Known) -> str:
    subject = known.person.name.pronouns.subject
    if not answer.startswith(f"{subject.capitalize()} "):
        return answer
    return f"Yes, {subject}{answer[len(subject) :]}"


_KINDS: dict[Callable[[Known, Random], Turn | None], int] = {
    _name: 8,
    _age: 14,
    _occupation: 13,
    _interests: 13,
    _gift: 5,
    _likes: 14,
    _is_job: 4,
    _is_age: 3,
    _is_name: 3,
    _who: 5,
    _topic: 20,
    _vague: 7,
    _own_field: 7,
    _all_notes: 6,
}
