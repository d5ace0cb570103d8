"""Writes the summary of a person: one to three sentences for a field of a JSON persona.

It is limited in characters, and free of characters that JSON escapes.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from model.data.language.grammar import capitalized, fix_articles, joined
from model.data.language.lexicon import Line, lines
from model.data.people.notes import Note
from model.data.people.person import Person, fact_slots
from model.data.persona.speakers import Narrator

__all__ = ["write_summary"]

_FACTS = frozenset({"age", "occ", "state", "list"})


def write_summary(person: Person, random: Random, *, limit: int) -> str:
    """Return a summary of `person`, at most `limit` characters long, with as many notes as fit.

    The first sentence is shortened before a note is left out. The summary never contains a double
    quotation mark or a backslash.
    """
    for count in range(len(person.notes), -1, -1):
        for section in ("opening", "opening", "short"):
            text = _Writer(person, random).summary(section, person.notes[:count])
            if len(text) <= limit:
                return text
    return person.name.full[:limit]


class _Writer:
    def __init__(self, person: Person, random: Random) -> None:
        self._person = person
        self._random = random
        facts = fact_slots(person)
        if person.interests:
            possessive = person.name.pronouns.possessive
            facts["list"] = joined([one.phrase(possessive) for one in person.interests])
        self._given = facts.keys() & _FACTS
        self._narrator = Narrator(person.name, facts=facts, random=random)

    def summary(self, section: str, notes: Sequence[Note]) -> str:
        sentences = [self._narrator.expand(self._first(section).template)]
        clauses = [self._narrator.expand(note.output, values=note.values) for note in notes]
        half = (len(clauses) + 1) // 2
        groups = (clauses[:half], clauses[half:]) if len(clauses) > 1 else (clauses,)
        sentences += ["; ".join(group) for group in groups if group]
        if not notes and section == "opening" and self._random.random() < 0.6:
            more = self._draw(self._fitting("more"))
            sentences.append(self._narrator.expand(more.template))
        text = " ".join(f"{capitalized(one).rstrip(' .')}." for one in sentences)
        return fix_articles(text.replace('"', "'").replace("\\", "/"))

    def _first(self, section: str) -> Line:
        candidates = [
            line for line in self._fitting(section) if line.template.slots & _FACTS <= self._given
        ]
        most = max((len(line.template.slots & _FACTS) for line in candidates), default=0)
        if not most:
            return self._random.choice(lines("summary", "bare"))
        # A sentence may omit one fact, because each also has its own field in the JSON; a short
        # one states as many as a short sentence can.
        least = most if section == "short" else max(most - 1, 1)
        return self._draw(
            [line for line in candidates if len(line.template.slots & _FACTS) >= least]
        )

    def _fitting(self, section: str) -> list[Line]:
        return [line for line in lines("summary", section) if line.fits(self._person.tags)]

    def _draw(self, candidates: list[Line]) -> Line:
        toned = [line for line in candidates if line.toned]
        if toned and self._random.random() < 0.6:
            return self._random.choice(toned)
        return self._random.choice(candidates)
