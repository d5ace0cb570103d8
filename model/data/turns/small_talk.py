"""Small talk and refusals: what a visitor may say besides, and honest answers."""

from __future__ import annotations

from random import Random

from model.data.chatml import Message
from model.data.conversation import Turn
from model.data.language.lexicon import NoteForm, note_forms
from model.data.language.template import Template
from model.data.people.notes import bind
from model.data.persona.speakers import filled
from model.data.turns.requests import carelessly

__all__ = ["some_talk"]


def some_talk(random: Random) -> Turn:
    """Return one exchange of small talk; a block's `key` lines are its keywords."""
    form = random.choice(note_forms("chats"))
    question, answer = random.choice(form.inputs), random.choice(form.outputs)
    values: dict[str, Template] = {}
    bind(question, values, random)
    asked = filled(question.text, values, random=random)
    told = filled(answer.text, values, random=random).strip()
    return Turn(
        asked=(Message("user", carelessly(asked, random)),),
        answer=" ".join(told.split()),
        kind=_kind(form),
        keywords={"answer": form.keys} if form.keys else {},
    )


def _kind(form: NoteForm) -> str:
    return "refusal" if form.topic == "refusal" else "talk"
