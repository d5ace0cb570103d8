"""Draws interests: from the lexicon, combined at random, or with a possessive ("her dog")."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from random import Random

from model.data.language.invent import invented_interest
from model.data.language.lexicon import sections
from model.data.language.phrases import draw_possession, draw_pursuit
from model.data.language.template import Template, parse

__all__ = ["Interest", "draw_interests"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interest:
    """An interest as a noun phrase or gerund, and sentences about this interest only.

    `takes_possessive` is True if a possessive goes before it: "two dogs" becomes "her two dogs".
    """

    text: str
    details: tuple[Template, ...]
    takes_possessive: bool = False

    def phrase(self, possessive: str) -> str:
        """Return the interest, after `possessive` if it takes one."""
        return f"{possessive} {self.text}" if self.takes_possessive else self.text


@cache
def _listed_interests() -> tuple[tuple[Interest, bool], ...]:
    # A line is "@grown wine tasting | {S} [has] ... | ...": the mark is optional, details follow.
    listed = []
    for section, entries in sections("interests").items():
        for entry in entries if section else ():
            text, *details = (part.strip() for part in entry.split(" | "))
            interest = Interest(
                text=text.removeprefix("@grown "), details=tuple(map(parse, details))
            )
            listed.append((interest, text.startswith("@grown ")))
    return tuple(listed)


_POSSESSION_DETAILS = tuple(
    map(
        parse,
        (
            "{S} can talk about {i} for hours",
            "{S} never [gets] tired of {i}",
            "a good day leaves room for {i}",
            "{S} [has] a thousand photographs of {i}",
        ),
    )
)


def draw_interests(random: Random, stage: str) -> tuple[Interest, ...]:
    """Return one to four different interests that suit the stage of life."""
    count = random.choices((1, 2, 3, 4), weights=(22, 36, 30, 12))[0]
    chosen: dict[str, Interest] = {}
    while len(chosen) < count:
        interest = _draw_interest(random, stage)
        chosen.setdefault(interest.text, interest)
    return tuple(chosen.values())


def _draw_interest(random: Random, stage: str) -> Interest:
    style = random.random()
    if style < 0.28:
        return Interest(text=draw_pursuit(random), details=())
    if style < 0.46:
        return Interest(text=invented_interest(random), details=())
    if style < 0.5:
        return Interest(
            text=draw_possession(random), details=_POSSESSION_DETAILS, takes_possessive=True
        )
    while True:
        interest, grown = random.choice(_listed_interests())
        if not (grown and stage in ("child", "teen")):
            return interest
