"""Scores how well a sentence follows the text so far.

Penalized are repeated words, sentences that start alike, and words that contradict a note.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from model.data.language.lexicon import sections
from model.data.people.person import Person

__all__ = ["Wording"]

_WORD = re.compile(r"[^\W\d_](?:[\w'-]*\w)?")
_COMMON = frozenset(word for line in sections("common")["words"] for word in line.split())
# Words to avoid if a note contains the key: somebody who works nights does not get up early.
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
    """The words and sentence beginnings of a text so far.

    Names, occupation and interests of the person may be repeated without penalty. The words of
    the notes count as used from the start, because a sentence for each note is still to come.
    """

    def __init__(self, person: Person) -> None:
        self._names = {word.lower() for word in person.name.full.split()}
        self._exempt = self._fact_words(person)
        self._used: set[str] = set()
        for note in person.notes:
            texts = (note.output.text, *(value.text for value in note.values.values()))
            for text in texts:
                self._used |= self._words(re.sub(r"\{\w+\}|\W", " ", text), ())
        for word, avoided in _AVOIDED.items():
            if word in self._used or word.rstrip("s") in self._used:
                self._used |= {_stem(one) for one in avoided}
        self._starts: list[tuple[str, str]] = []

    def penalty(self, sentence: str) -> float:
        """Return 0 for a sentence that fits well; from 1 on, another one should be used."""
        repeated = len(self._words(sentence, self._exempt) & self._used)
        start = self._start(sentence)
        last = self._starts[-1:]
        same_start = 2 if start in self._starts[-2:] else 0
        # Sentences that start with the person: a second in a row is weak, a third weaker.
        third = 0.5 if start[0] == "S" and [one[0] for one in self._starts[-2:]] == ["S"] * 2 else 0
        second = 0.4 if start[0] == "S" and last and last[0][0] == "S" else 0
        return repeated + same_start + max(third, second)

    def add(self, sentence: str) -> None:
        """Record a sentence of the text."""
        self._used |= self._words(sentence, self._exempt)
        self._starts.append(self._start(sentence))

    def _fact_words(self, person: Person) -> frozenset[str]:
        facts = [person.name.full, *(one.text for one in person.interests)]
        if person.occupation is not None:
            facts.append(person.occupation.text)
        return frozenset(self._words(" ".join(facts), ()))

    def _start(self, sentence: str) -> tuple[str, str]:
        # ("S", verb) if the sentence starts with the person, else its first two words.
        words = [*sentence.lower().split(), "", ""]
        subject = words[0] in ("she", "he", "they") or words[0] in self._names
        verb = next(word for word in words[1:] if word not in self._names)
        return ("S" if subject else words[0], verb)

    @staticmethod
    def _words(text: str, exempt: Iterable[str]) -> set[str]:
        words = (word.lower() for word in _WORD.findall(text))
        stems = {_stem(word) for word in words if len(word) > 3 and word not in _COMMON}
        return stems - set(exempt)


# Cached because sentences share few words, and many are compared for each one used.
@lru_cache(maxsize=2**16)
def _stem(word: str) -> str:
    return re.sub(r"(?:'s|s|ed|ing|ly)$", "", word)
