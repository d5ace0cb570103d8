"""Puts conversations together: one persona, several turns about it, or talk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from model.data.conversation import Conversation, Turn
from model.data.turns.knowledge import Known, known_after, known_from
from model.data.turns.questions import a_question
from model.data.turns.requests import Keeps, by_form, in_words, some_system
from model.data.turns.rewrites import a_rewrite
from model.data.turns.small_talk import some_talk

__all__ = ["a_conversation"]

# Kinds of conversations with their shares in percent.
_SHARES = {"prose": 42, "typed": 18, "turns": 25, "words": 6, "talk": 9}
# What comes after a persona in the conversations of several turns, in percent.
_LATER = {"question": 52, "rewrite": 33, "talk": 7, "form": 5, "words": 3}


def a_conversation(random: Random, keeps: Keeps) -> Conversation:
    """Return a conversation of the kind training needs, drawn at random.

    `keeps` says which people may be in it.
    """
    kind = random.choices(tuple(_SHARES), weights=tuple(_SHARES.values()))[0]
    if kind in ("prose", "typed"):
        return _of(by_form(random, keeps, typed=kind == "typed"))
    if kind == "turns":
        return _several(random, keeps)
    if kind == "words":
        return _of(_opened(in_words(random, keeps), random))
    first = _opened(some_talk(random), random)
    return _of(first, *(some_talk(random) for _ in range(random.choice((0, 0, 1)))))


def _several(random: Random, keeps: Keeps) -> Conversation:
    style = random.random()
    if style < 0.15:
        turns = [_opened(in_words(random, keeps), random)]
    elif style < 0.22:
        turns = [_opened(some_talk(random), random), in_words(random, keeps)]
    else:
        turns = [by_form(random, keeps, typed=style > 0.75)]
    count = random.choices((1, 2, 3, 4), weights=(46, 28, 16, 10))[0]
    return _of(*turns, *_later(known_from(turns[-1]), count, keeps, random))


def _later(known: Known, count: int, keeps: Keeps, random: Random) -> Iterator[Turn]:
    for _ in range(count):
        kind = random.choices(tuple(_LATER), weights=tuple(_LATER.values()))[0]
        if kind == "question":
            yield a_question(known, random)
            continue
        if kind == "talk":
            yield some_talk(random)
            continue
        if kind == "rewrite":
            turn = a_rewrite(known, keeps, random)
        elif kind == "form":
            turn = by_form(random, keeps, typed=random.random() < 0.25, later=True)
        else:
            turn = in_words(random, keeps)
        yield turn
        known = known_after(known, turn)


def _of(*turns: Turn) -> Conversation:
    return Conversation(turns=turns)


def _opened(turn: Turn, random: Random) -> Turn:
    return replace(turn, asked=(*some_system(random), *turn.asked))
