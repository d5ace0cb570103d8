"""Makes up names, words and combinations that no list contains.

They teach the model to copy what it is given instead of recalling what it has seen: a visitor
types any name and any interest.
"""

from __future__ import annotations

from functools import cache
from random import Random

from model.data.language.lexicon import pool, sections

__all__ = ["invented_interest", "invented_name", "invented_occupation", "invented_word"]

_LETTERS = "ABCDEFGHJKLMNPRSTVWXZ"


def invented_word(random: Random, *, syllables: int) -> str:
    """Return a pronounceable word in lower case that hardly anybody has seen before."""
    while True:
        word = "".join(_syllable(random) for _ in range(syllables))
        if word not in _PRONOUNS and 3 <= len(word) <= 13 and not _refused(word):
            return _accented(word, random) if random.random() < 0.12 else word


# A name that is one of these would read as a pronoun.
_PRONOUNS = ("she", "her", "him", "his", "they", "them")


def _refused(word: str) -> bool:
    return any(part in word for part in _words("refused"))


def _accented(word: str, random: Random) -> str:
    places = [place for place, letter in enumerate(word) if letter in _ACCENTS]
    if not places:
        return word
    place = random.choice(places)
    return word[:place] + random.choice(_ACCENTS[word[place]]) + word[place + 1 :]


_ACCENTS = {
    "a": "áàâäãåąā",
    "e": "éèêëęěē",
    "i": "íìîïī",
    "o": "óòôöõøőō",
    "u": "úùûüůū",
    "y": "ýÿ",
    "c": "çčć",
    "d": "ď",
    "l": "ł",
    "n": "ñńň",
    "r": "ř",
    "s": "śšş",
    "z": "žźż",
}


def _syllable(random: Random) -> str:
    onset = "" if random.random() < 0.1 else random.choice(_words("onset"))
    coda = "" if random.random() < 0.25 else random.choice(_words("coda"))
    return onset + random.choice(_words("vowel")) + coda


@cache
def _words(section: str) -> tuple[str, ...]:
    return tuple(sections("syllables")[section][0].split())


def invented_name(random: Random) -> str:
    """Return a made-up name: mostly one word, at times hyphenated, numbered or with initials."""
    word = invented_word(random, syllables=random.choice((1, 2, 2, 2, 3, 3))).capitalize()
    style = random.random()
    if style < 0.04:
        return f"{word}-{invented_word(random, syllables=1).capitalize()}"
    if style < 0.06:
        return f"{word} {random.randint(2, 99)}"
    if style < 0.08:
        letters = random.choice(_LETTERS), random.choice(_LETTERS)
        return f"{letters[0]}{random.randint(1, 9)}{letters[1]}{random.randint(0, 9)}"
    if style < 0.10:
        return f"{random.choice(_LETTERS)}. {word}"
    return word


def invented_occupation(random: Random) -> str:
    """Return an occupation put together at random, for example "moon cartographer"."""
    agent = random.choice(pool("agent")).text
    style = random.random()
    if style < 0.2:
        return f"{invented_word(random, syllables=2)} {agent}"
    if style < 0.35:
        first, second = random.sample(pool("mod"), 2)
        return f"{first.text} {second.text} {agent}"
    if style < 0.43:
        return f"owner of a small {random.choice(pool('shopname')).text}"
    if style < 0.5:
        return f"{agent} of {random.choice(pool('object')).text}"
    return f"{random.choice(pool('mod')).text} {agent}"


def invented_interest(random: Random) -> str:
    """Return an interest put together at random, for example "medieval karaoke"."""
    style = random.random()
    if style < 0.35:
        return f"{random.choice(pool('doing')).text} {random.choice(pool('object')).text}"
    if style < 0.65:
        return f"{random.choice(pool('flavour')).text} {random.choice(pool('pursuit')).text}"
    if style < 0.75:
        things = random.choice(pool("thing_many")).text
        return f"{random.choice(pool('flavour')).text} {things}"
    if style < 0.85:
        return random.choice(pool("pursuit")).text
    if style < 0.93:
        return random.choice(pool("object")).text
    return invented_word(random, syllables=random.choice((2, 3)))
