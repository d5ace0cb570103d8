"""Writes the summary of a person: one to three sentences for a field of a JSON persona.

It is plain enough for a field: within a number of characters, without quotation marks.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from model.data.language.grammar import capitalised, fix_articles, joined
from model.data.language.lexicon import Line, lines
from model.data.people.notes import Note
from model.data.people.person import Person, told_facts
from model.data.persona.speakers import Narrator

__all__ = ["write_summary"]

_FACTS = frozenset({"age", "occ", "state", "list"})


def write_summary(person: Person, random: Random, *, limit: int) -> str:
    """Return a summary of `person` with every note that fits into `limit` characters.

    The opening gets shorter before a note is left out. The text never has a double quotation mark
    or a backslash.
    """
    for count in range(len(person.notes), -1, -1):
        for section in ("opening", "opening", "short"):
            text = _Summary(person, random).told(section, person.notes[:count])
            if len(text) <= limit:
                return text
    return person.name.full[:limit]


class _Summary:
    def __init__(self, person: Person, random: Random) -> None:
        self._person = person
        self._random = random
        facts = told_facts(person)
        if person.interests:
            possessive = person.name.pronouns.possessive
            facts["list"] = joined([one.said(possessive) for one in person.interests])
        self._known = facts.keys() & _FACTS
        self._narrator = Narrator(person.name, facts=facts, random=random)

    def told(self, section: str, notes: Sequence[Note]) -> str:
        sentences = [self._narrator.tell(self._first(section).template)]
        clauses = [self._narrator.tell(note.told, values=note.values) for note in notes]
        half = (len(clauses) + 1) // 2
        groups = (clauses[:half], clauses[half:]) if len(clauses) > 1 else (clauses,)
        sentences += ["; ".join(group) for group in groups if group]
        if not notes and section == "opening" and self._random.random() < 0.6:
            more = self._toned(self._fitting("more"))
            sentences.append(self._narrator.tell(more.template))
        text = " ".join(f"{capitalised(one).rstrip(' .')}." for one in sentences)
        return fix_articles(text.replace('"', "'").replace("\\", "/"))

    def _first(self, section: str) -> Line:
        able = [
            line for line in self._fitting(section) if line.template.slots & _FACTS <= self._known
        ]
        most = max((len(line.template.slots & _FACTS) for line in able), default=0)
        if not most:
            return self._random.choice(lines("summary", "bare"))
        # What the list leaves out stands in a field of its own; the facts before it are few.
        least = most if section == "short" else max(most - 1, 1)
        return self._toned([line for line in able if len(line.template.slots & _FACTS) >= least])

    def _fitting(self, section: str) -> list[Line]:
        return [line for line in lines("summary", section) if line.fits(self._person.tags)]

    def _toned(self, able: list[Line]) -> Line:
        toned = [line for line in able if line.toned]
        if toned and self._random.random() < 0.6:
            return self._random.choice(toned)
        return self._random.choice(able)
