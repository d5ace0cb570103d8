"""The training text: made-up people, the form a visitor fills in, and the persona that fits.

`conversations` is the whole interface: seeded, endless and free of anybody's real data. Words
and sentences are in `lexicon/`, as plain text that can be extended without touching Python.

Folders, each of which imports only those above it:

    language/     templates, English grammar, the reader of `lexicon/`, phrases made at random
    people/       a person: name, age, occupation, interests, notes
    persona/      the form for a person, and the persona as prose or as JSON
    turns/        whole conversations: requests, questions, rewrites, small talk

Modules beside them: `conversation` and `chatml` say what a conversation is and how the model sees
it, `prompts` takes the wording of requests from the library, `stream` draws conversations for a
split, and `command` prints them.

Open `turns/dialogue` first to follow one conversation, `people/person` to follow one person.
"""

from __future__ import annotations

from model.data.chatml import Message, render
from model.data.conversation import Conversation, Turn
from model.data.stream import SPLITS, conversations

__all__ = ["SPLITS", "Conversation", "Message", "Turn", "conversations", "render"]
