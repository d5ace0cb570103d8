"""What people like: interests from a list, put together at random, or of their own circle."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from random import Random

from model.data.language.invent import invented_interest
from model.data.language.lexicon import sections
from model.data.language.phrases import own_circle, pursuit
from model.data.language.template import Template, parse

__all__ = ["Interest", "some_interests"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interest:
    """An interest as a noun phrase or gerund, and sentences about it in particular.

    `own` says that it is something of theirs: the possessive goes before it.
    """

    text: str
    details: tuple[Template, ...]
    own: bool = False

    def said(self, possessive: str) -> str:
        """Return the interest, with the possessive where it has one."""
        return f"{possessive} {self.text}" if self.own else self.text


@cache
def _known_interests() -> tuple[tuple[Interest, bool], ...]:
    known = []
    for section, entries in sections("interests").items():
        for entry in entries if section else ():
            text, *details = (part.strip() for part in entry.split(" | "))
            interest = Interest(
                text=text.removeprefix("@grown "), details=tuple(map(parse, details))
            )
            known.append((interest, text.startswith("@grown ")))
    return tuple(known)


_OWN_DETAILS = tuple(
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


def some_interests(random: Random, stage: str) -> tuple[Interest, ...]:
    """Return one to four different interests that suit the stage of life."""
    count = random.choices((1, 2, 3, 4), weights=(22, 36, 30, 12))[0]
    chosen: dict[str, Interest] = {}
    while len(chosen) < count:
        interest = _interest(random, stage)
        chosen.setdefault(interest.text, interest)
    return tuple(chosen.values())


def _interest(random: Random, stage: str) -> Interest:
    style = random.random()
    if style < 0.28:
        return Interest(text=pursuit(random), details=())
    if style < 0.46:
        return Interest(text=invented_interest(random), details=())
    if style < 0.5:
        return Interest(text=own_circle(random), details=_OWN_DETAILS, own=True)
    while True:
        interest, grown = random.choice(_known_interests())
        if not (grown and stage in ("child", "teen")):
            return interest
