"""Combines ordinary words at random into things, actions, places and interests.

Visitors type phrases that no list contains. The persona repeats them unchanged, so that the model
learns to copy phrases as well as single words. Words that do not exist come from `invent`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from random import Random

from model.data.language.grammar import fix_articles, gerund, past_tense, plural_noun, third_person
from model.data.language.invent import invented_word
from model.data.language.lexicon import sections

__all__ = ["PHRASES", "draw_possession", "draw_pursuit"]


@cache
def _entries(section: str) -> tuple[str, ...]:
    lines = sections("vocabulary")[section]
    split = (
        entry for line in lines for entry in (line.split(";") if ";" in line else line.split())
    )
    return tuple(entry.strip().replace("_", " ") for entry in split if entry.strip())


def _word(random: Random, section: str) -> str:
    return random.choice(_entries(section))


def _noun(random: Random) -> str:
    style = random.random()
    if style < 0.07:
        return _word(random, "noun") + _word(random, "noun")
    if style < 0.12:
        return invented_word(random, syllables=1) + random.choice(_ENDINGS)
    return _word(random, "noun")


_ENDINGS = ("berry", "fish", "scope", "graph", "ship", "stone", "wood", "maker", "phone", "ling")


def _plural(random: Random) -> str:
    if random.random() < 0.12:
        return _word(random, "plural")
    return plural_noun(_noun(random))


def _verb(random: Random) -> tuple[str, str]:
    base, _, past = _word(random, "verb").partition("/")
    return base, past or past_tense(base)


def _spot(random: Random) -> str:
    if random.random() < 0.12:
        return invented_word(random, syllables=2).capitalize()
    return _word(random, "spot")


def _pair(random: Random) -> str:
    first, second = random.sample(_entries("noun"), 2)
    return f"{first} {plural_noun(second)}"


def _of(random: Random) -> str:
    return f"the {_noun(random)} of {_spot(random)}"


# Noun phrases with their weights; each can follow a verb unchanged.
_THINGS: Mapping[Callable[[Random], str], int] = {
    _plural: 12,
    _pair: 10,
    _of: 4,
    lambda random: f"{_word(random, 'adjective')} {_plural(random)}": 20,
    lambda random: f"{_noun(random)} {_word(random, 'mass')}": 8,
    lambda random: f"{_word(random, 'adjective')} {_word(random, 'mass')}": 10,
    lambda random: _word(random, "mass"): 6,
    lambda random: f"a {_word(random, 'adjective')} {_noun(random)}": 8,
    lambda random: f"the {_word(random, 'adjective')} {_noun(random)}": 5,
    lambda random: f"{_plural(random)} from {_spot(random)}": 5,
    lambda random: f"{random.choice((2, 3, 7, 12, 40, 250))} {_plural(random)}": 2,
    lambda random: _word(random, "foreign"): 6,
    lambda random: _word(random, "proper"): 4,
    lambda random: f"{invented_word(random, syllables=2)} {_plural(random)}": 4,
    lambda random: f"{_plural(random)} and {_word(random, 'mass')}": 2,
}


def _thing(random: Random) -> str:
    make = random.choices(tuple(_THINGS), weights=tuple(_THINGS.values()))[0]
    return fix_articles(_without_echo(make, random))


# A word that repeats: "star star", "stars star" or "mint and mint".
_ECHO = re.compile(r"\b(\w+)(?: |s | and )\1\b")


def _without_echo(make: Callable[[Random], str], random: Random) -> str:
    while _ECHO.search(text := make(random)):
        pass
    return text


@cache
def _matched() -> tuple[tuple[tuple[str, ...], ...], ...]:
    return tuple(
        tuple(tuple(word.replace("_", " ") for word in part.split()) for part in line.split("|"))
        for line in sections("vocabulary")["matched"]
    )


def _deed(random: Random) -> tuple[str, str, str]:
    """Return a verb, its past tense and its object, in most cases one that makes sense."""
    if random.random() < _UNRELATED_SHARE:
        return *_verb(random), _thing(random)
    verbs, adjectives, nouns = random.choice(_matched())
    base, _, past = random.choice(verbs).partition("/")
    things = plural_noun(random.choice(nouns))
    style = random.random()
    if style < 0.6:
        things = f"{random.choice(adjectives)} {things}"
    elif style < 0.72:
        things = f"{things} and {plural_noun(random.choice(nouns))}"
    elif style < 0.8:
        things = f"{things} from {_spot(random)}"
    elif style < 0.86:
        things = f"{random.choice((2, 3, 7, 12, 40, 250))} {things}"
    elif style < 0.9:
        things = f"{invented_word(random, syllables=2).capitalize()} {things}"
    return base, past or past_tense(base), things


# Share of actions whose object has nothing to do with the verb ("to knit volcanoes"): the model
# cannot guess such a phrase and has to copy it.
_UNRELATED_SHARE = 0.25


def draw_pursuit(random: Random) -> str:
    """Return an interest as a visitor might word it, for example "nebula knitting"."""
    return _without_echo(_pursuit, random)


def _pursuit(random: Random) -> str:
    style = random.random()
    if style < 0.34:
        return _any_doing(random)
    if style < 0.42:
        return f"{_noun(random)} {gerund(_verb(random)[0])}"
    if style < 0.46:
        return f"{gerund(_verb(random)[0])} in {_spot(random)}"
    if style < 0.5:
        return f"the history of {_word(random, 'mass')}"
    if style < 0.54:
        return f"{_word(random, 'adjective')} {_pair(random)}"
    return _thing(random)


def draw_possession(random: Random) -> str:
    """Return somebody or something that takes a possessive pronoun, without it: "two dogs"."""
    style = random.random()
    if style < 0.5:
        return random.choice(_POSSESSIONS)
    noun = _plural(random) if style < 0.8 else _word(random, "noun")
    return noun if random.random() < 0.5 else f"{_word(random, 'adjective')} {noun}"


_POSSESSIONS = (
    *("grandchildren", "family", "dog", "cat", "kids", "children", "garden", "friends", "wife"),
    *("husband", "mother", "grandson", "nieces and nephews", "band", "motorbike", "students"),
    *("old car", "two dogs", "three cats", "bees", "chickens", "granddaughters", "stamp album"),
)


def _task(random: Random) -> str:
    return _without_echo(_any_task, random)


def _any_task(random: Random) -> str:
    style = random.random()
    if style < 0.2:
        return f"{random.choice(_LIVING)} {_spot(random)}"
    verb, _, thing = _deed(random)
    return f"{verb} {thing}"


_LIVING = (
    *("study in", "live in", "move to", "work in", "travel to", "retire in", "teach in"),
    *("cycle to", "go back to", "sail to", "get married in", "open a shop in", "spend a year in"),
)


def _time(random: Random) -> str:
    style = random.random()
    if style < 0.82:
        return _word(random, "time")
    if style < 0.88:
        return f"while {_doing(random)}"
    if style < 0.91:
        return f"because of {_thing(random)}"
    return f"{random.choice(('with', 'without', 'for', 'near'))} {_thing(random)}"


def _doing(random: Random) -> str:
    return _without_echo(_any_doing, random)


def _any_doing(random: Random) -> str:
    verb, _, thing = _deed(random)
    return f"{gerund(verb)} {thing}"


def _past(random: Random) -> str:
    if random.random() < 0.3:
        return f"{_word(random, 'past')} {_spot(random)}"
    _, past, thing = _deed(random)
    return f"{past} {thing}"


def _present(random: Random, *, as_template: bool) -> str:
    # "[knits] scarves" as a template, whose verb agrees with the subject; else "knits scarves".
    verb, _, thing = _deed(random)
    verb = third_person(verb)
    return f"[{verb}] {thing}" if as_template else f"{verb} {thing}"


def _role(random: Random) -> str:
    return _without_echo(_any_role, random)


def _any_role(random: Random) -> str:
    style = random.random()
    if style < 0.5:
        return _word(random, "role")
    return f"{_word(random, 'noun' if style < 0.8 else 'adjective')} {_word(random, 'role')}"


def _title(random: Random) -> str:
    words = _pair(random) if random.random() < 0.5 else _of(random)
    return re.sub(r"(?<![\w'])\w", lambda match: match[0].upper(), words)


def _company(random: Random) -> str:
    name = random.choice((_spot, _invented))(random)
    return f"{name} {_noun(random).capitalize()} {random.choice(_COMPANY_KINDS)}"


_COMPANY_KINDS = (
    "Ltd",
    "Inc.",
    "GmbH",
    "Works",
    "Company",
    "Group",
    "& Sons",
    "Labs",
    "Museum",
    "Institute",
)


def _invented(random: Random) -> str:
    return invented_word(random, syllables=2).capitalize()


# Slots for templates, besides the sections of words.txt. Each function returns template source.
PHRASES: Mapping[str, Callable[[Random], str]] = {
    "any_thing": _thing,
    "any_task": _task,
    "any_time": _time,
    "any_spot": _spot,
    "any_role": _role,
    "any_deed": lambda random: _present(random, as_template=True),
    "any_fact": lambda random: _present(random, as_template=False),
    "any_past": _past,
    "any_doing": _doing,
    "any_adjective": lambda random: _word(random, "adjective"),
    "any_foreign": lambda random: _word(random, "foreign"),
    "any_subject": lambda random: _word(random, "mass"),
    "any_company": _company,
    "any_title": _title,
    "any_motto": lambda random: f"{_verb(random)[0]} {_plural(random)}, not {_plural(random)}",
}
