"""The training text: made-up people, the form a visitor fills in, and the persona that fits.

`conversations` is the whole interface: seeded, endless and free of anybody's real data. Words
and sentences lie in `lexicon/`, as text that can be read and widened without touching Python.

From what is true of somebody to what is read of them:

    person        people, and of each: occupations, interests, notes, wishes; what no list contains
                  comes from invent and phrases, what only JSON tells from completing
    form          fields, and the request with it: asking
    persona       plan, then writing as prose; typed, with summary, as JSON
    conversation  dialogue puts it together of asking, follow_ups (with topics), rewrites, changes
                  and talking; telling knows what was said before
    sentences     lexicon reads them, template varies them; voice, grammar and wording make them fit
    text          stream draws conversations for a split, chatml renders them, command prints them
"""

from model.data.chatml import Message, render
from model.data.conversation import Conversation, Turn
from model.data.stream import SPLITS, conversations

__all__ = ["SPLITS", "Conversation", "Message", "Turn", "conversations", "render"]
