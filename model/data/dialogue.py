"""Puts conversations together: one persona, several turns about it, or talk."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from model.data.asking import Keeps, by_form, in_words, some_system
from model.data.conversation import Conversation, Turn
from model.data.talking import some_talk

__all__ = ["SHARES", "a_conversation"]

# Kinds of conversations with their shares in percent.
SHARES = {"prose": 42, "typed": 18, "turns": 25, "words": 6, "talk": 9}


def a_conversation(random: Random, keeps: Keeps) -> Conversation:
    """Return a conversation of the kind training needs, drawn at random.

    `keeps` says which people may be in it.
    """
    kind = random.choices(tuple(SHARES), weights=tuple(SHARES.values()))[0]
    if kind in ("prose", "typed"):
        return _of(by_form(random, keeps, typed=kind == "typed"))
    if kind == "turns":
        return _of(by_form(random, keeps), some_talk(random))
    if kind == "words":
        return _of(_opened(in_words(random, keeps), random))
    first = _opened(some_talk(random), random)
    return _of(first, *(some_talk(random) for _ in range(random.choice((0, 0, 1)))))


def _of(*turns: Turn) -> Conversation:
    return Conversation(turns=turns)


def _opened(turn: Turn, random: Random) -> Turn:
    return replace(turn, asked=(*some_system(random), *turn.asked))
