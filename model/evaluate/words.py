"""Finding phrases regardless of case, numerals and plurals; pronouns, numbers and names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from model.data.language.grammar import number_in_words
from model.data.language.lexicon import sections

__all__ = [
    "contains",
    "first_names",
    "normalized",
    "numbers_in",
    "ordinary_words",
    "pronouns_in",
    "sentences",
    "with_digits",
]

_LEXICON = Path(__file__).parents[1] / "data/lexicon"
_IN_WORDS = {number_in_words(number): str(number) for number in range(2, 100)}
_NUMBER = re.compile(
    rf"(?<![\w-])({'|'.join(sorted(_IN_WORDS, key=len, reverse=True))})(?=[^\w-]|-year|$)"
)
_KINDS = {
    "she": re.compile(r"\b(she|her|hers|herself)\b"),
    "he": re.compile(r"\b(he|him|his|himself)\b"),
    "they": re.compile(r"\b(they|them|their|theirs|themselves)\b"),
}
# Not after a title or an initial, as in "Dr. Foster" and "Ada B. King".
_SENTENCE_END = re.compile(
    r"(?<!\bDr\.)(?<!\bProf\.)(?<!\bMr\.)(?<!\bMrs\.)(?<!\bMs\.)(?<!\s[A-Z]\.)(?<!^[A-Z]\.)"
    r"(?:(?<=[.!?])|(?<=[.!?][\"\u201d]))\s+"
)


def contains(text: str, alternatives: str) -> bool:
    """Return whether `text` contains one of the phrases, separated by "|", also in the plural."""
    inside = f" {normalized(text)} "
    return any(_contains_form(inside, normalized(phrase)) for phrase in alternatives.split("|"))


def _contains_form(inside: str, phrase: str) -> bool:
    return any(f" {form} " in inside for form in _forms(phrase))


def _forms(phrase: str) -> set[str]:
    forms = {phrase, f"{phrase}s", f"{phrase}es"}
    if phrase.endswith("y"):
        forms.add(f"{phrase[:-1]}ies")
    # Not for short words: "pi" is not a form of "pis".
    if len(phrase) > 3:
        forms |= {phrase.removesuffix("s"), phrase.removesuffix("es")}
    if phrase.endswith("ies"):
        forms.add(f"{phrase[:-3]}y")
    return forms - {""}


def normalized(text: str) -> str:
    """Return the words in lower case, separated by spaces, with numbers in digits."""
    plain = re.sub(r"['\u2019]", "", with_digits(text))
    return " ".join(re.sub(r"[^\w]+", " ", plain).split())


def with_digits(text: str) -> str:
    """Return the text in lower case, with numbers from 2 to 99 in digits."""
    return _NUMBER.sub(lambda match: _IN_WORDS[match[1]], text.casefold())


def numbers_in(texts: Iterable[str]) -> set[int]:
    """Return all integers, in digits or in words."""
    return {int(digits) for text in texts for digits in re.findall(r"\d{1,6}", with_digits(text))}


def pronouns_in(text: str) -> set[str]:
    """Return which of "she", "he" and "they" occur in the text in any form."""
    lower = text.casefold()
    return {kind for kind, forms in _KINDS.items() if forms.search(lower)}


def sentences(text: str) -> list[str]:
    """Return the sentences of a paragraph."""
    return [one for one in _SENTENCE_END.split(text.strip()) if one]


@cache
def first_names() -> frozenset[str]:
    """Return the first names of the lexicon that are not also ordinary words."""
    named = sections("names")
    names = {
        name.replace("_", " ")
        for section in ("she", "he", "they")
        for line in named[section]
        for name in line.split()
    }
    return frozenset(name for name in names if name.casefold() not in ordinary_words())


@cache
def ordinary_words() -> frozenset[str]:
    """Return all words of the lexicon except names, in lower case."""
    texts = (path.read_text("utf-8") for path in _LEXICON.rglob("*.txt") if path.stem != "names")
    return frozenset(word.casefold() for text in texts for word in re.findall(r"[^\W\d_]+", text))
