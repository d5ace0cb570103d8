"""Hears what a reader hears: a word said twice, sentences that start alike, an unlucky contrast."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from model.data.language.lexicon import sections
from model.data.people.person import Person

__all__ = ["Wording"]

_WORD = re.compile(r"[^\W\d_](?:[\w'-]*\w)?")
_COMMON = frozenset(word for line in sections("common")["words"] for word in line.split())
# Who works nights does not rise with the birds: words that a sentence avoids beside such a note.
_AVOIDED = {
    "nights": ("morning", "mornings", "early", "sunrise", "breakfast", "dawn", "sleep", "sleeps"),
    "night": ("morning", "mornings", "early", "sunrise", "breakfast", "dawn", "sleep", "sleeps"),
    "sleeps": ("sleep", "asleep"),
    "vegan": ("cheese", "butter", "cake", "honey", "eggs", "meat", "sausage", "milk"),
    "vegetarian": ("meat", "sausage"),
    "drinks": ("coffee", "tea", "cocoa"),
    "coffee": ("tea",),
    "tea": ("coffee",),
    "alone": ("family", "table"),
}


class Wording:
    """The words and beginnings of a text so far, of a person whose facts may be said again."""

    def __init__(self, person: Person) -> None:
        self._names = {word.lower() for word in person.name.full.split()}
        self._free = self._given(person)
        self._said: set[str] = set()
        for note in person.notes:
            texts = (note.told.text, *(value.text for value in note.values.values()))
            for text in texts:
                self._said |= self._words(re.sub(r"\{\w+\}|\W", " ", text), ())
        for word, avoided in _AVOIDED.items():
            if word in self._said or word.rstrip("s") in self._said:
                self._said |= {_stem(one) for one in avoided}
        self._starts: list[tuple[str, str]] = []

    def faults(self, text: str) -> float:
        """Return 0 for a sentence that goes well with the rest; from 1 on it should not stand."""
        repeated = len(self._words(text, self._free) & self._said)
        start = self._start(text)
        last = self._starts[-1:]
        alike = 2 if start in self._starts[-2:] else 0
        tired = 0.5 if start[0] == "S" and [one[0] for one in self._starts[-2:]] == ["S"] * 2 else 0
        both = 0.4 if start[0] == "S" and last and last[0][0] == "S" else 0
        return repeated + alike + max(tired, both)

    def add(self, text: str) -> None:
        """Remember a sentence that stands in the text."""
        self._said |= self._words(text, self._free)
        self._starts.append(self._start(text))

    def _given(self, person: Person) -> frozenset[str]:
        given = [person.name.full, *(one.text for one in person.interests)]
        if person.occupation is not None:
            given.append(person.occupation.text)
        return frozenset(self._words(" ".join(given), ()))

    def _start(self, text: str) -> tuple[str, str]:
        words = [*text.lower().split(), "", ""]
        subject = words[0] in ("she", "he", "they") or words[0] in self._names
        verb = next(word for word in words[1:] if word not in self._names)
        return ("S" if subject else words[0], verb)

    @staticmethod
    def _words(text: str, free: Iterable[str]) -> set[str]:
        words = (word.lower() for word in _WORD.findall(text))
        return {_stem(word) for word in words if len(word) > 3 and word not in _COMMON} - set(free)


# Sentences draw on few words, and many are weighed before one is said.
@lru_cache(maxsize=2**16)
def _stem(word: str) -> str:
    return re.sub(r"(?:'s|s|ed|ing|ly)$", "", word)
