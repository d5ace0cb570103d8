"""Writes the paragraph about a person, sentence by sentence along its plan.

Each sentence is chosen by what comes before it: it must not repeat words, start like its
neighbors or contradict a note. A required sentence is always written, in the best of a few
wordings; an optional one is left out if no wording fits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field
from functools import cache
from random import Random

from model.data.language.grammar import capitalized, fix_articles, is_plural, joined
from model.data.language.lexicon import Line, lines
from model.data.language.template import Template, parse
from model.data.people.interests import Interest
from model.data.people.person import Person, fact_slots
from model.data.persona.plan import Step, plan_steps
from model.data.persona.speakers import Narrator
from model.data.persona.wording import Wording

__all__ = ["write_paragraph"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sentence:
    """A candidate for the next sentence, with the words for slots that only it has."""

    template: Template
    values: Mapping[str, Template] = field(default_factory=dict)
    interests: tuple[Interest, ...] = ()


def write_paragraph(person: Person, random: Random) -> str:
    """Return one paragraph about `person` that uses every given fact."""
    return _Writer(person, random).paragraph()


_FACTS = frozenset({"age", "occ", "state"})
# Wordings that are compared for one sentence.
_MAX_CANDIDATES = 9
# Slots that mention somebody else, to whom a pronoun in the next sentence could refer.
_OTHERS = re.compile(r"relation|person|petname|pet\b|kids|siblings|animal")

# Sad notes, which must not be introduced by "best of all".
_SAD = re.compile(
    r"suffer|died|lost|divorc|cancer|allerg|afraid|scared|hospital|widow|surviv|miss|insomnia|ill\b"
    r"|grie[fv]|jobless|broke\b|hates|cannot"
)


class _Writer:
    def __init__(self, person: Person, random: Random) -> None:
        self._person = person
        self._random = random
        self._facts = fact_slots(person)
        self._narrator = Narrator(person.name, facts=self._facts, random=random)
        self._wording = Wording(person)
        # How often sentences that are written for the tone are tried first.
        self._toned_share = {"brief": 0.7, "neutral": 0.45}.get(person.group, 0.6)
        self._sentences: list[str] = []
        self._detailed: set[str] = set()

    def paragraph(self) -> str:
        opening = self._opening()
        self._add([opening], required=True)
        stated = opening.template.slots
        missing = sorted(self._facts.keys() & _FACTS - stated)
        self._random.shuffle(missing)
        for fact in missing:
            self._add(self._candidates("opening", fact), required=True)
        words = len(" ".join(self._sentences).split())
        for step in plan_steps(
            self._person, self._random, words_so_far=words, interests_listed="list" in stated
        ):
            self._narrator.starts_topic = step.starts_topic
            self._add(self._candidates_for(step), required=step.required)
        return fix_articles(" ".join(self._sentences))

    # --- adding a sentence ---

    def _add(self, candidates: Iterable[_Sentence], *, required: bool) -> None:
        best: tuple[float, str, Narrator, _Sentence] | None = None
        for sentence in candidates:
            # Each candidate gets its own narrator, which remembers name and pronouns used.
            narrator = copy(self._narrator)
            text = self._expanded(sentence, narrator)
            penalty = self._wording.penalty(text)
            if best is None or penalty < best[0]:
                best = (penalty, text, narrator, sentence)
            if not penalty:
                break
        if best is None or (best[0] >= 1 and not required):
            return
        _, text, self._narrator, sentence = best
        self._narrator.ambiguous = any(_OTHERS.match(name) for name in sentence.values)
        if "{i}" in sentence.template.text:
            self._detailed |= {one.text for one in sentence.interests}
        self._wording.add(text)
        self._sentences.append(text if text[-1] in ".!?" else f"{text}{self._full_stop()}")

    def _expanded(self, sentence: _Sentence, narrator: Narrator) -> str:
        if sentence.interests:
            possessive = self._person.name.pronouns.possessive
            items = [one.phrase(possessive) for one in sentence.interests]
            narrator.add_facts({"list": joined(items), "i": items[0]})
        return _tidied(narrator.expand(sentence.template, values=sentence.values))

    def _full_stop(self) -> str:
        # An enthusiastic paragraph has at most one exclamation mark.
        enthusiastic = self._person.group == "enthusiastic"
        may_exclaim = enthusiastic and not any("!" in one for one in self._sentences)
        return "!" if may_exclaim and self._random.random() < 0.35 else "."

    # --- candidates ---

    def _candidates_for(self, step: Step) -> Iterator[_Sentence]:
        if step.kind == "note":
            return self._notes(step)
        if step.kind in ("interests", "interests rest"):
            return self._interest_lists(step.kind, step.interests)
        if step.kind == "detail":
            return self._details()
        if step.kind == "work":
            return self._work()
        return self._candidates(step.kind, step.kind)

    def _notes(self, step: Step) -> Iterator[_Sentence]:
        notes = [_Sentence(template=note.output, values=note.values) for note in step.notes]
        if len(notes) == 2:
            pair = _merged(*notes)
            if pair is not None:
                yield pair
                return
            self._add(self._with_lead(notes[0]), required=True)
        yield from self._with_lead(notes[-1])

    def _with_lead(self, note: _Sentence) -> Iterator[_Sentence]:
        """Yield the note, then the note after a lead such as "Friends know that"."""
        yield note
        text = note.template.text
        words = " ".join([text, *(value.text for value in note.values.values())])
        if not text.startswith("{S} ") or _SAD.search(words) or self._random.random() < 0.5:
            return
        for line in self._shuffled(self._fitting("life", "lead")):
            with_lead = line.template.text + text.removeprefix("{S}")
            yield _Sentence(template=parse(with_lead), values=note.values)

    def _interest_lists(self, section: str, interests: tuple[Interest, ...]) -> Iterator[_Sentence]:
        tags = self._person.tags - {"one", "many"} | _number_tags(interests)
        fitting = list(_fitting_lines("interests", section, tags))
        if interests[0].takes_possessive:  # not "give her her dog"
            fitting = [line for line in fitting if "{them} {list}" not in line.template.text]
        for line in self._selected(fitting):
            yield _Sentence(template=line.template, interests=interests)

    def _details(self) -> Iterator[_Sentence]:
        fresh = [one for one in self._person.interests if one.text not in self._detailed]
        self._random.shuffle(fresh)
        fresh.sort(key=lambda one: not one.details)
        for interest in fresh:
            for template in self._random.sample(interest.details, len(interest.details)):
                yield _Sentence(template=template, interests=(interest,))
            if interest.takes_possessive:
                continue
            tags = self._person.tags - {"one", "many"} | _number_tags((interest,))
            for line in self._selected(_fitting_lines("interests", "detail", tags)):
                yield _Sentence(template=line.template, interests=(interest,))

    def _work(self) -> Iterator[_Sentence]:
        occupation = self._person.occupation
        if occupation is not None:
            section = occupation.category
            if occupation.kind == "job" and self._random.random() < 0.2:
                section = "any"
        elif self._person.age is not None and 6 <= self._person.age.years <= 16:
            section = "school"
        else:
            return
        known = self._facts.keys() | _SPEAKER_SLOTS
        usable = [line for line in self._fitting("work", section) if line.template.slots <= known]
        for line in self._selected(usable):
            yield _Sentence(template=line.template)

    def _opening(self) -> _Sentence:
        facts = self._facts.keys() & _FACTS
        interests = self._person.interests
        list_share = 0.16 if facts else 0.6
        with_list = bool(interests) and facts != {"state"} and self._random.random() < list_share
        known = facts | {"full"} | ({"list"} if with_list else set())
        tags = self._person.tags - {"one", "many"} | _number_tags(interests)
        usable = [
            line
            for line in _fitting_lines("opening", "opening list" if with_list else "opening", tags)
            if line.template.slots - {"they", "them", "their"} <= known
            and (not facts or line.template.slots & facts)
            and not ("{occ} of " in line.template.text and " of " in self._facts.get("occ", ""))
        ]
        if not usable or not (facts or with_list):
            usable = list(self._fitting("opening", "opening bare"))
        if self._random.random() < 0.9:
            most = max(len(line.template.slots & facts) for line in usable)
            usable = [line for line in usable if len(line.template.slots & facts) == most]
        template = next(self._selected(usable)).template
        return _Sentence(template=template, interests=interests if with_list else ())

    def _candidates(self, file: str, section: str) -> Iterator[_Sentence]:
        for line in self._selected(self._fitting(file, section)):
            yield _Sentence(template=line.template)

    def _fitting(self, file: str, section: str) -> tuple[Line, ...]:
        return _fitting_lines(file, section, self._person.tags)

    def _selected(self, candidates: Iterable[Line]) -> Iterator[Line]:
        """Yield a few of the lines in random order, often those written for the tone first."""
        shuffled = self._shuffled(candidates)
        if self._random.random() < self._toned_share:
            shuffled.sort(key=lambda line: not line.toned)
        yield from shuffled[:_MAX_CANDIDATES]

    def _shuffled(self, candidates: Iterable[Line]) -> list[Line]:
        shuffled = list(candidates)
        self._random.shuffle(shuffled)
        return shuffled


# Slots that the narrator always fills.
_SPEAKER_SLOTS = frozenset({"S", "they", "them", "their", "themself", "name", "full", "after"})


@cache
def _fitting_lines(file: str, section: str, tags: frozenset[str]) -> tuple[Line, ...]:
    name = file if file == "work" else f"sentences/{file}"
    return tuple(line for line in lines(name, section) if line.fits(tags))


def _number_tags(interests: tuple[Interest, ...]) -> set[str]:
    if len(interests) > 1:
        return {"many", "plural"}
    return {"one", "plural" if interests and is_plural(interests[0].text) else "singular"}


def _tidied(text: str) -> str:
    # An empty alternative leaves the space before it: "She reads ." has one too many.
    return capitalized(re.sub(r" +(?=[ ,;.]|$)", "", text))


_CONJUNCTION = re.compile(r"\b(?:and|but|that|who)\b")


def _merged(left: _Sentence, right: _Sentence) -> _Sentence | None:
    """Return two notes as one sentence, or None if they are too complex for it.

    "She lives in Lisbon and speaks Welsh", or "She lives in Lisbon, and a cat keeps her company".
    """
    first, second = left.template.text, right.template.text
    is_plain = first.startswith("{S}") and not set(first) & set(",;|")
    if not is_plain or _CONJUNCTION.search(first) or _share_slots(left, right):
        return None
    if ";" in second or _CONJUNCTION.search(second) or second[0].isupper():
        return None
    if second.startswith("{S} ["):
        joint = f"{first} and {second.removeprefix('{S} ')}"
    else:
        joint = f"{first}, and {second.replace('{S}', '{they}')}"
    return _Sentence(template=parse(joint), values={**left.values, **right.values})


def _share_slots(left: _Sentence, right: _Sentence) -> bool:
    # A value of one would also fill a slot of the other, even one that the other leaves out.
    return any(
        name in other.values or f"{{{name}}}" in other.template.text
        for one, other in ((left, right), (right, left))
        for name in one.values
    )
