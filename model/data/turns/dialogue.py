"""Draws whole conversations: one persona, several turns about one, or small talk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from model.data.conversation import Conversation, Turn
from model.data.turns.knowledge import Knowledge, knowledge_after, knowledge_from
from model.data.turns.questions import draw_question, draw_yes_no_question
from model.data.turns.requests import PersonFilter, draw_form_turn, draw_free_turn, draw_system
from model.data.turns.rewrites import draw_rewrite
from model.data.turns.small_talk import draw_small_talk

__all__ = ["draw_conversation"]

# Kinds of conversations, in percent; "prose", "typed" and "free text" are a single request.
_SHARES = {"prose": 39, "typed": 16, "turns": 23, "questions": 9, "free text": 5, "talk": 8}
# Kinds of turns after the first persona, in percent.
_LATER_SHARES = {"question": 52, "rewrite": 33, "talk": 7, "form": 5, "free text": 3}


def draw_conversation(random: Random, accepts: PersonFilter) -> Conversation:
    """Return a random conversation in which every person passes `accepts`."""
    kind = random.choices(tuple(_SHARES), weights=tuple(_SHARES.values()))[0]
    if kind in ("prose", "typed"):
        return _conversation(draw_form_turn(random, accepts, typed=kind == "typed"))
    if kind == "turns":
        return _several_turns(random, accepts)
    if kind == "questions":
        return _many_questions(random, accepts)
    if kind == "free text":
        return _conversation(_with_system(draw_free_turn(random, accepts), random))
    first = _with_system(draw_small_talk(random), random)
    return _conversation(first, *(draw_small_talk(random) for _ in range(random.choice((0, 0, 1)))))


def _several_turns(random: Random, accepts: PersonFilter) -> Conversation:
    style = random.random()
    if style < 0.15:
        turns = [_with_system(draw_free_turn(random, accepts), random)]
    elif style < 0.22:
        turns = [_with_system(draw_small_talk(random), random), draw_free_turn(random, accepts)]
    else:
        turns = [draw_form_turn(random, accepts, typed=style > 0.75)]
    count = random.choices((1, 2, 3, 4), weights=(46, 28, 16, 10))[0]
    return _conversation(*turns, *_later_turns(knowledge_from(turns[-1]), count, accepts, random))


def _many_questions(random: Random, accepts: PersonFilter) -> Conversation:
    """Return a persona with several questions about it, half of them for yes or no.

    Answers are short and the persona is read once, so that comparing a question with the facts is
    practiced more often per token than in other conversations.
    """
    first = draw_form_turn(random, accepts, typed=random.random() < 0.3)
    known = knowledge_from(first)
    count = random.randint(3, 6)
    questions = (
        (draw_yes_no_question if random.random() < 0.5 else draw_question)(known, random)
        for _ in range(count)
    )
    return _conversation(first, *questions)


def _later_turns(
    known: Knowledge, count: int, accepts: PersonFilter, random: Random
) -> Iterator[Turn]:
    for _ in range(count):
        kind = random.choices(tuple(_LATER_SHARES), weights=tuple(_LATER_SHARES.values()))[0]
        if kind == "question":
            yield draw_question(known, random)
            continue
        if kind == "talk":
            yield draw_small_talk(random)
            continue
        if kind == "rewrite":
            turn = draw_rewrite(known, accepts, random)
        elif kind == "form":
            turn = draw_form_turn(random, accepts, typed=random.random() < 0.25, later=True)
        else:
            turn = draw_free_turn(random, accepts)
        yield turn
        known = knowledge_after(known, turn)


def _conversation(*turns: Turn) -> Conversation:
    return Conversation(turns=turns)


def _with_system(turn: Turn, random: Random) -> Turn:
    return replace(turn, asked=(*draw_system(random), *turn.asked))
