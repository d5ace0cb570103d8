"""Draws small talk, and requests that the model refuses, with honest answers."""

from __future__ import annotations

from random import Random

from model.data.chatml import Message
from model.data.conversation import Turn
from model.data.language.lexicon import NoteForm, note_forms
from model.data.language.template import Template
from model.data.people.notes import bind
from model.data.persona.speakers import fill
from model.data.turns.requests import typed_casually

__all__ = ["draw_small_talk"]


def draw_small_talk(random: Random) -> Turn:
    """Return a question and an answer from chats.txt; the block's `key` lines are keywords."""
    form = random.choice(note_forms("chats"))
    question_template, answer_template = random.choice(form.inputs), random.choice(form.outputs)
    values: dict[str, Template] = {}
    bind(question_template, values, random)
    question = fill(question_template.text, values, random=random)
    answer = fill(answer_template.text, values, random=random)
    return Turn(
        asked=(Message("user", typed_casually(question, random)),),
        answer=" ".join(answer.split()),
        kind=_kind(form),
        keywords={"answer": form.keys} if form.keys else {},
    )


def _kind(form: NoteForm) -> str:
    return "refusal" if form.topic == "refusal" else "talk"
