"""Writes the paragraph about a person along its plan, sentence after sentence.

Each sentence is chosen in view of what stands before it: it must not say the same again, start
like its neighbour or say what a note may contradict. What is needed is told in any case, in the
best of a few wordings; what is not, is left out when nothing fits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field
from functools import cache
from random import Random

from model.data.language.grammar import capitalised, fix_articles, is_plural, joined
from model.data.language.lexicon import Line, lines
from model.data.language.template import Template, parse
from model.data.people.interests import Interest
from model.data.people.person import Person, told_facts
from model.data.persona.plan import Step, planned
from model.data.persona.speakers import Narrator
from model.data.persona.wording import Wording

__all__ = ["write"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sentence:
    """A sentence that may come next, with the slots that only this sentence has."""

    template: Template
    values: Mapping[str, Template] = field(default_factory=dict)
    listed: tuple[Interest, ...] = ()


def write(person: Person, random: Random) -> str:
    """Return one paragraph about `person` that uses everything given."""
    return _Writer(person, random).paragraph()


_FACTS = frozenset({"age", "occ", "state"})
_TRIES = 9
# Slots whose words are somebody else, whom a pronoun after them could mean.
_OTHERS = re.compile(r"relation|person|petname|pet\b|kids|siblings|animal")

# What nobody announces with "best of all".
_SAD = re.compile(
    r"suffer|died|lost|divorc|cancer|allerg|afraid|scared|hospital|widow|surviv|miss|insomnia|ill\b"
    r"|grie[fv]|jobless|broke\b|hates|cannot"
)


class _Writer:
    def __init__(self, person: Person, random: Random) -> None:
        self._person = person
        self._random = random
        self._facts = told_facts(person)
        self._narrator = Narrator(person.name, facts=self._facts, random=random)
        self._wording = Wording(person)
        self._toned = {"brief": 0.7, "neutral": 0.45}.get(person.group, 0.6)
        self._told: list[str] = []
        self._detailed: set[str] = set()

    def paragraph(self) -> str:
        opening = self._opening()
        self._tell([opening], needed=True)
        told = opening.template.slots
        rest = sorted(self._facts.keys() & _FACTS - told)
        self._random.shuffle(rest)
        for fact in rest:
            self._tell(self._drawn("opening", fact), needed=True)
        said = len(" ".join(self._told).split())
        for step in planned(self._person, self._random, said=said, listed="list" in told):
            self._narrator.begins = step.first
            self._tell(self._choices(step), needed=step.needed)
        return fix_articles(" ".join(self._told))

    # --- telling ---

    def _tell(self, choices: Iterable[_Sentence], *, needed: bool) -> None:
        best: tuple[float, str, Narrator, _Sentence] | None = None
        for sentence in choices:
            narrator = copy(self._narrator)
            text = self._said(sentence, narrator)
            faults = self._wording.faults(text)
            if best is None or faults < best[0]:
                best = (faults, text, narrator, sentence)
            if not faults:
                break
        if best is None or (best[0] >= 1 and not needed):
            return
        _, text, self._narrator, sentence = best
        self._narrator.unsure = any(_OTHERS.match(name) for name in sentence.values)
        self._detailed |= {one.text for one in sentence.listed if "{i}" in sentence.template.text}
        self._wording.add(text)
        self._told.append(text if text[-1] in ".!?" else f"{text}{self._end()}")

    def _said(self, sentence: _Sentence, narrator: Narrator) -> str:
        if sentence.listed:
            possessive = self._person.name.pronouns.possessive
            items = [one.said(possessive) for one in sentence.listed]
            narrator.add({"list": joined(items), "i": items[0]})
        return _tidied(narrator.tell(sentence.template, values=sentence.values))

    def _end(self) -> str:
        excited = self._person.group == "enthusiastic" and not any("!" in one for one in self._told)
        return "!" if excited and self._random.random() < 0.35 else "."

    # --- choosing ---

    def _choices(self, step: Step) -> Iterator[_Sentence]:
        if step.kind == "note":
            return self._notes(step)
        if step.kind in ("interests", "interests rest"):
            return self._list(step.kind, step.listed)
        if step.kind == "detail":
            return self._details()
        if step.kind == "work":
            return self._work()
        return self._drawn(step.kind, step.kind)

    def _notes(self, step: Step) -> Iterator[_Sentence]:
        notes = [_Sentence(template=note.told, values=note.values) for note in step.notes]
        if len(notes) == 2:
            pair = _merged(*notes)
            if pair is not None:
                yield pair
                return
            self._tell(self._with_lead(notes[0]), needed=True)
        yield from self._with_lead(notes[-1])

    def _with_lead(self, note: _Sentence) -> Iterator[_Sentence]:
        yield note
        text = note.template.text
        words = " ".join([text, *(value.text for value in note.values.values())])
        if not text.startswith("{S} ") or _SAD.search(words) or self._random.random() < 0.5:
            return
        for line in self._shuffled(self._fit("life", "lead")):
            told = line.template.text + text.removeprefix("{S}")
            yield _Sentence(template=parse(told), values=note.values)

    def _list(self, section: str, listed: tuple[Interest, ...]) -> Iterator[_Sentence]:
        tags = self._person.tags - {"one", "many"} | _number(listed)
        fitting = list(_fitting("interests", section, tags))
        if listed[0].own:  # not "give her her dog"
            fitting = [line for line in fitting if "{them} {list}" not in line.template.text]
        for line in self._ordered(fitting):
            yield _Sentence(template=line.template, listed=listed)

    def _details(self) -> Iterator[_Sentence]:
        fresh = [one for one in self._person.interests if one.text not in self._detailed]
        self._random.shuffle(fresh)
        fresh.sort(key=lambda one: not one.details)
        for interest in fresh:
            for template in self._random.sample(interest.details, len(interest.details)):
                yield _Sentence(template=template, listed=(interest,))
            if interest.own:
                continue
            tags = self._person.tags - {"one", "many"} | _number((interest,))
            for line in self._ordered(_fitting("interests", "detail", tags)):
                yield _Sentence(template=line.template, listed=(interest,))

    def _work(self) -> Iterator[_Sentence]:
        occupation = self._person.occupation
        known = self._facts.keys() | _VOICE
        if occupation is not None:
            section = occupation.category
            if occupation.kind == "job" and self._random.random() < 0.2:
                section = "any"
        elif self._person.age is not None and 6 <= self._person.age.years <= 16:
            section = "school"
        else:
            return
        able = [line for line in self._fit("work", section) if line.template.slots <= known]
        for line in self._ordered(able):
            yield _Sentence(template=line.template)

    def _opening(self) -> _Sentence:
        facts = self._facts.keys() & _FACTS
        listed = self._person.interests
        share = 0.16 if facts else 0.6
        with_list = bool(listed) and facts != {"state"} and self._random.random() < share
        known = facts | {"full"} | ({"list"} if with_list else set())
        tags = self._person.tags - {"one", "many"} | _number(listed)
        able = [
            line
            for line in _fitting("opening", "opening list" if with_list else "opening", tags)
            if line.template.slots - {"they", "them", "their"} <= known
            and (not facts or line.template.slots & facts)
            and not ("{occ} of " in line.template.text and " of " in self._facts.get("occ", ""))
        ]
        if not able or not (facts or with_list):
            able = list(self._fit("opening", "opening bare"))
        if self._random.random() < 0.9:
            most = max(len(line.template.slots & facts) for line in able)
            able = [line for line in able if len(line.template.slots & facts) == most]
        template = next(self._ordered(able)).template
        return _Sentence(template=template, listed=listed if with_list else ())

    def _drawn(self, file: str, section: str) -> Iterator[_Sentence]:
        for line in self._ordered(self._fit(file, section)):
            yield _Sentence(template=line.template)

    def _fit(self, file: str, section: str) -> tuple[Line, ...]:
        return _fitting(file, section, self._person.tags)

    def _ordered(self, able: Iterable[Line]) -> Iterator[Line]:
        """Yield some of the lines at random, those of the tone more often first."""
        mixed = self._shuffled(able)
        if self._random.random() < self._toned:
            mixed.sort(key=lambda line: not line.toned)
        yield from mixed[:_TRIES]

    def _shuffled(self, able: Iterable[Line]) -> list[Line]:
        mixed = list(able)
        self._random.shuffle(mixed)
        return mixed


_VOICE = frozenset({"S", "they", "them", "their", "themself", "name", "full", "after"})


@cache
def _fitting(file: str, section: str, tags: frozenset[str]) -> tuple[Line, ...]:
    name = file if file == "work" else f"sentences/{file}"
    return tuple(line for line in lines(name, section) if line.fits(tags))


def _number(listed: tuple[Interest, ...]) -> set[str]:
    if len(listed) > 1:
        return {"many", "plural"}
    return {"one", "plural" if listed and is_plural(listed[0].text) else "singular"}


def _tidied(text: str) -> str:
    # An empty alternative leaves its space behind.
    return capitalised(re.sub(r" +(?=[ ,;.]|$)", "", text))


_JOINS = re.compile(r"\b(?:and|but|that|who)\b")


def _merged(left: _Sentence, right: _Sentence) -> _Sentence | None:
    """Return two notes as one sentence where that works.

    "She lives in Lisbon and speaks Welsh", or "She lives in Lisbon, and a cat keeps her company".
    """
    first, second = left.template.text, right.template.text
    plain = first.startswith("{S}") and not set(first) & set(",;|") and not _JOINS.search(first)
    if not plain or left.values.keys() & right.values.keys():
        return None
    if ";" in second or _JOINS.search(second) or second[0].isupper():
        return None
    if second.startswith("{S} ["):
        joint = f"{first} and {second.removeprefix('{S} ')}"
    else:
        joint = f"{first}, and {second.replace('{S}', '{they}')}"
    return _Sentence(template=parse(joint), values={**left.values, **right.values})
