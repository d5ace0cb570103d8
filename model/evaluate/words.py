"""What a text says, whatever its case, its numerals and its plurals; pronouns, numbers, names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from model.data.language.grammar import number_in_words
from model.data.language.lexicon import sections

__all__ = [
    "first_names",
    "folded",
    "numbers_in",
    "ordinary_words",
    "pronouns_in",
    "says",
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
# Not after a title or an initial: "Dr. Foster" and "Ada B. King" go on.
_SENTENCE_END = re.compile(
    r"(?<!\bDr\.)(?<!\bProf\.)(?<!\bMr\.)(?<!\bMrs\.)(?<!\bMs\.)(?<!\s[A-Z]\.)(?<!^[A-Z]\.)"
    r"(?:(?<=[.!?])|(?<=[.!?][\"\u201d]))\s+"
)


def says(text: str, ways: str) -> bool:
    """Return whether `text` holds one of the phrases, which "|" parts, also in the plural."""
    inside = f" {folded(text)} "
    return any(_holds(inside, folded(way)) for way in ways.split("|"))


def _holds(inside: str, phrase: str) -> bool:
    return any(f" {form} " in inside for form in _forms(phrase))


def _forms(phrase: str) -> set[str]:
    forms = {phrase, f"{phrase}s", f"{phrase}es"}
    if phrase.endswith("y"):
        forms.add(f"{phrase[:-1]}ies")
    # One letter is no word in the plural: "pi" is not what "pis" asks for.
    if len(phrase) > 3:
        forms |= {phrase.removesuffix("s"), phrase.removesuffix("es")}
    if phrase.endswith("ies"):
        forms.add(f"{phrase[:-3]}y")
    return forms - {""}


def folded(text: str) -> str:
    """Return the words in lower case with a space between them, numbers in digits."""
    plain = re.sub(r"['\u2019]", "", with_digits(text))
    return " ".join(re.sub(r"[^\w]+", " ", plain).split())


def with_digits(text: str) -> str:
    """Return the text in lower case, with the numbers from 2 to 99 in digits."""
    return _NUMBER.sub(lambda match: _IN_WORDS[match[1]], text.casefold())


def numbers_in(texts: Iterable[str]) -> set[int]:
    """Return all whole numbers, in digits or in words."""
    return {int(digits) for text in texts for digits in re.findall(r"\d{1,6}", with_digits(text))}


def pronouns_in(text: str) -> set[str]:
    """Return which of "she", "he" and "they" have a form in the text."""
    lower = text.casefold()
    return {kind for kind, forms in _KINDS.items() if forms.search(lower)}


def sentences(text: str) -> list[str]:
    """Return the sentences of a paragraph."""
    return [one for one in _SENTENCE_END.split(text.strip()) if one]


@cache
def first_names() -> frozenset[str]:
    """Return the first names of the lexicon that are no word besides."""
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
    """Return all words of the lexicon but the names, in lower case."""
    texts = (path.read_text("utf-8") for path in _LEXICON.rglob("*.txt") if path.stem != "names")
    return frozenset(word.casefold() for text in texts for word in re.findall(r"[^\W\d_]+", text))
