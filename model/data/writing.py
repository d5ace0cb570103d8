"""Writes the paragraph about a person: chooses sentences, orders them, tells them.

The plan is made first, as templates, because what comes early decides what may come later (a fact
is told once); then the narrator tells it from left to right, because whether a name or a pronoun
comes next depends on what was said.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from random import Random

from model.data.grammar import capitalised, fix_articles, joined
from model.data.interests import Interest
from model.data.lexicon import Line, lines
from model.data.people import Person, told_facts
from model.data.summary import write_summary
from model.data.template import Template, parse
from model.data.voice import Narrator

__all__ = ["write", "write_summary"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sentence:
    """A planned sentence, with the slots that only this sentence has."""

    template: Template
    values: Mapping[str, Template] = field(default_factory=dict)
    listed: tuple[Interest, ...] = ()
    needed: bool = True


def write(person: Person, random: Random) -> str:
    """Return one paragraph about `person` that uses everything given."""
    plan = _Plan(person, random).sentences()
    narrator = Narrator(person.name, facts=told_facts(person), random=random)
    told: list[str] = []
    phrases: set[str] = set()
    for sentence in plan:
        if sentence.listed:
            items = [one.said(person.name.pronouns.possessive) for one in sentence.listed]
            narrator.add({"list": joined(items), "i": items[0]})
        text = _tidied(narrator.tell(sentence.template, values=sentence.values))
        new = _phrases(text)
        # "With a kind word for all" and "has a kind word for everyone" are too much for one text.
        if not sentence.needed and new & phrases:
            continue
        phrases |= new
        told.append(text if text[-1] in ".!?" else f"{text}{_end(person, random)}")
    return fix_articles(" ".join(told))


def _tidied(text: str) -> str:
    # An empty alternative leaves its space behind.
    return capitalised(re.sub(r" +(?=[ ,;.]|$)", "", text))


def _phrases(text: str) -> set[str]:
    words = text.lower().split()
    return {" ".join(words[start : start + 4]) for start in range(len(words) - 3)}


def _end(person: Person, random: Random) -> str:
    return "!" if person.group == "enthusiastic" and random.random() < 0.3 else "."


@cache
def _fitting(file: str, section: str, tags: frozenset[str]) -> tuple[Line, ...]:
    return tuple(line for line in lines(file, section) if line.fits(tags))


class _Plan:
    def __init__(self, person: Person, random: Random) -> None:
        self._person = person
        self._random = random
        self._used: set[str] = set()
        self._told: set[str] = set()
        self._listed: set[str] = set()
        self._toned = {"brief": 0.7, "neutral": 0.45}.get(person.group, 0.6)

    def sentences(self) -> list[_Sentence]:
        first = [self._opening(), *self._left_over()]
        blocks = [[note] for note in self._notes()]
        interests = self._interests()
        if interests:
            blocks.append(interests)
        aim = self._random.randint(26, 46) if self._brief else self._random.randint(56, 92)
        words = sum(_length(one) for one in first) + sum(
            _length(one) for block in blocks for one in block
        )
        last: list[_Sentence] = []
        for kind in self._extras():
            if words >= aim:
                break
            extra = self._extra(kind)
            if extra is None:
                continue
            words += _length(extra)
            if kind == "closing":
                last = [extra]
            elif kind == "detail" and interests:
                interests.append(extra)
            elif kind == "work" and self._random.random() < 0.6:
                first.append(extra)
            else:
                blocks.append([extra])
        self._random.shuffle(blocks)
        middle = self._linked([one for block in blocks for one in block])
        return [*first, *middle, *last]

    def _linked(self, sentences: list[_Sentence]) -> list[_Sentence]:
        linked: list[_Sentence] = []
        for sentence in sentences:
            pair = _merged(linked[-1], sentence) if linked else None
            if pair is not None and self._random.random() < 0.5:
                linked[-1] = pair
            else:
                linked.append(sentence)
        return linked

    @property
    def _brief(self) -> bool:
        return self._person.group == "brief"

    # --- what must be said ---

    def _opening(self) -> _Sentence:
        facts = self._open_facts()
        listed = self._person.interests
        with_list = (
            listed and facts != {"state"} and self._random.random() < (0.14 if facts else 0.6)
        )
        section = "opening list" if with_list else "opening"
        known = facts | {"full"} | ({"list"} if with_list else set())
        lines = [line for line in self._fit("sentences", section) if line.template.slots <= known]
        lines = [line for line in lines if line.template.slots & facts] if facts else lines
        if not facts and not with_list:
            lines = list(self._fit("sentences", "opening bare"))
        if self._random.random() < 0.8:
            most = max(len(line.template.slots & facts) for line in lines)
            lines = [line for line in lines if len(line.template.slots & facts) == most]
        template = self._pick(lines)
        self._told |= template.slots
        if "list" not in template.slots:
            return _Sentence(template=template)
        self._listed = {interest.text for interest in listed}
        return _Sentence(template=template, listed=listed)

    def _open_facts(self) -> set[str]:
        return set(told_facts(self._person)) & {"age", "occ", "state"}

    def _left_over(self) -> list[_Sentence]:
        rest = sorted(self._open_facts() - self._told)
        self._random.shuffle(rest)
        return [_Sentence(template=self._pick(list(self._fit("sentences", fact)))) for fact in rest]

    def _interests(self) -> list[_Sentence]:
        rest = [one for one in self._person.interests if one.text not in self._listed]
        if not rest:
            return []
        if len(rest) < 3 or self._random.random() < 0.65:
            return [self._list("interests", tuple(rest))]
        return [
            self._list("interests", tuple(rest[:2])),
            self._list("interests rest", tuple(rest[2:])),
        ]

    def _list(self, section: str, listed: tuple[Interest, ...]) -> _Sentence:
        tags = self._person.tags - {"one", "many"} | {"one" if len(listed) == 1 else "many"}
        lines = list(_fitting("sentences", section, tags))
        if listed[0].own:  # not "give her her dog"
            lines = [line for line in lines if "{them} {list}" not in line.template.text]
        return _Sentence(template=self._pick(lines), listed=listed)

    def _notes(self) -> list[_Sentence]:
        return [_Sentence(template=note.told, values=note.values) for note in self._person.notes]

    # --- what may be said ---

    def _extras(self) -> list[str]:
        extras = ["trait", "work", "detail", "life", "detail", "closing", "trait"]
        if self._brief:
            return self._random.sample(["trait", "work", "closing", "detail"], 2)
        head = self._random.sample(extras[:3], 3)
        return head + self._random.sample(extras[3:], 4)

    def _extra(self, kind: str) -> _Sentence | None:
        if kind == "work":
            return self._work()
        if kind == "detail":
            return self._detail()
        lines = list(self._fit("sentences", kind))
        return _optional(self._pick(lines)) if lines else None

    def _work(self) -> _Sentence | None:
        occupation = self._person.occupation
        if occupation is None:
            if self._person.stage not in ("child", "teen"):
                return None
            return _optional(self._pick(list(self._fit("work", "school"))))
        section = occupation.category
        if occupation.kind == "job" and self._random.random() < 0.3:
            section = "any"
        lines = [
            line
            for line in self._fit("work", section)
            if line.template.slots <= set(told_facts(self._person)) | _VOICE
        ]
        return _optional(self._pick(lines)) if lines else None

    def _detail(self) -> _Sentence | None:
        fresh = [one for one in self._person.interests if f"detail {one.text}" not in self._used]
        if not fresh:
            return None
        interest = self._random.choice(fresh)
        self._used.add(f"detail {interest.text}")
        if interest.details and (interest.own or self._random.random() < 0.85):
            template = self._random.choice(interest.details)
        else:
            template = self._pick(list(self._fit("sentences", "detail")))
        return _Sentence(template=template, listed=(interest,), needed=False)

    def _fit(self, file: str, section: str) -> tuple[Line, ...]:
        return _fitting(file, section, self._person.tags)

    def _pick(self, lines: list[Line]) -> Template:
        fresh = [line for line in lines if line.template.text not in self._used] or lines
        toned = [line for line in fresh if line.toned]
        if toned and self._random.random() < self._toned:
            fresh = toned
        template = self._random.choice(fresh).template
        self._used.add(template.text)
        return template


_VOICE = frozenset({"S", "they", "them", "their", "themself", "name", "full"})


def _optional(template: Template) -> _Sentence:
    return _Sentence(template=template, needed=False)


def _length(sentence: _Sentence) -> int:
    # Of each choice only one alternative is said; a third of the raw text is a fair guess.
    text = sentence.template.text
    words = len(text.split()) - text.count("|") * 2
    return max(words, 3) + sum(len(one.text.split()) for one in sentence.listed[:-1])


def _merged(left: _Sentence, right: _Sentence) -> _Sentence | None:
    """Return both as one sentence where that works.

    "She lives in Lisbon and speaks Welsh", or "She lives in Lisbon, and a cat keeps her company".
    """
    first, second = left.template.text, right.template.text
    plain = first.startswith("{S}") and not set(first) & set(",;|") and " and " not in first
    if not plain or left.listed or right.listed or left.values.keys() & right.values.keys():
        return None
    if ";" in second or " and " in second or second[0].isupper():
        return None
    if second.startswith("{S} ["):
        joint = f"{first} and {second.removeprefix('{S} ')}"
    else:
        joint = f"{first}, and {second.replace('{S}', '{they}')}"
    return _Sentence(
        template=parse(joint),
        values={**left.values, **right.values},
        needed=left.needed or right.needed,
    )
