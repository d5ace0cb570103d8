"""Invents names, words and combinations that no list contains.

A visitor may type any name and any interest. Invented ones teach the model to copy its input
instead of recalling words from training.
"""

from __future__ import annotations

from functools import cache
from random import Random

from model.data.language.lexicon import sections, slot_words

__all__ = ["invented_interest", "invented_name", "invented_occupation", "invented_word"]

_LETTERS = "ABCDEFGHJKLMNPRSTVWXZ"


def invented_word(random: Random, *, syllables: int) -> str:
    """Return a pronounceable, probably new word of 3 to 13 letters in lower case."""
    while True:
        word = "".join(_syllable(random) for _ in range(syllables))
        if word not in _PRONOUNS and 3 <= len(word) <= 13 and not _has_refused_part(word):
            return _accented(word, random) if random.random() < 0.12 else word


# As names, these would read as pronouns.
_PRONOUNS = ("she", "her", "him", "his", "they", "them")


def _has_refused_part(word: str) -> bool:
    return any(part in word for part in _parts("refused"))


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
    onset = "" if random.random() < 0.1 else random.choice(_parts("onset"))
    coda = "" if random.random() < 0.25 else random.choice(_parts("coda"))
    return onset + random.choice(_parts("vowel")) + coda


@cache
def _parts(section: str) -> tuple[str, ...]:
    return tuple(sections("syllables")[section][0].split())


def invented_name(random: Random) -> str:
    """Return an invented name: mostly one word, sometimes with a hyphen, number or initial."""
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
    """Return an occupation combined at random, for example "moon cartographer"."""
    agent = _word(random, "agent")
    style = random.random()
    if style < 0.2:
        return f"{invented_word(random, syllables=2)} {agent}"
    if style < 0.35:
        first, second = random.sample(slot_words("mod"), 2)
        return f"{first.text} {second.text} {agent}"
    if style < 0.43:
        return f"owner of a small {_word(random, 'shopname')}"
    if style < 0.5:
        return f"{agent} of {_word(random, 'object')}"
    return f"{_word(random, 'mod')} {agent}"


def invented_interest(random: Random) -> str:
    """Return an interest combined at random, for example "medieval karaoke"."""
    style = random.random()
    if style < 0.35:
        return f"{_word(random, 'doing')} {_word(random, 'object')}"
    if style < 0.65:
        return f"{_word(random, 'flavour')} {_word(random, 'pursuit')}"
    if style < 0.75:
        # The noun is drawn first; the other order would change the text of every seed.
        things = _word(random, "thing_many")
        return f"{_word(random, 'flavour')} {things}"
    if style < 0.85:
        return _word(random, "pursuit")
    if style < 0.93:
        return _word(random, "object")
    return invented_word(random, syllables=random.choice((2, 3)))


def _word(random: Random, slot: str) -> str:
    return random.choice(slot_words(slot)).text
