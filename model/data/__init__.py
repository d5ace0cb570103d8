"""The training text: made-up people, the form a visitor fills in, and the persona that fits.

`conversations` is the whole interface: seeded, endless and free of anybody's real data. Words
and sentences lie in `lexicon/`, as text that can be read and widened without touching Python.
"""

from model.data.chatml import Message, render
from model.data.conversation import Conversation, Turn
from model.data.stream import SPLITS, conversations

__all__ = ["SPLITS", "Conversation", "Message", "Turn", "conversations", "render"]
