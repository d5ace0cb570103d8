"""A conversation: a tree of messages, of which one branch is shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from .messages import Message
from .settings import Settings

__all__ = ["Conversation", "title_of"]

_TITLE_LENGTH = 60


@dataclass(slots=True, kw_only=True)
class Conversation:
    """A tree of messages and what is asked of the model.

    A message that is edited, or written again, is a new child of the same parent. `choices` says
    which child is shown where there are several.

    Attributes:
        id: The ID, as in the page's address.
        title: What the list shows; empty until the first message.
        created: In milliseconds since 1970.
        updated: When it was changed last, in milliseconds since 1970.
        settings: What is asked of the model.
        messages: The messages by ID; a parent comes before its children.
        choices: The ID of the child that is shown, by the ID of its parent.
    """

    id: str
    title: str = ""
    created: int = 0
    updated: int = 0
    settings: Settings = field(default_factory=Settings)
    messages: dict[str, Message] = field(default_factory=dict)
    choices: dict[str, str] = field(default_factory=dict)
    _children: dict[str, list[str]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        for message in self.messages.values():
            self._children.setdefault(message.parent, []).append(message.id)

    @property
    def leaf(self) -> str:
        """The ID of the last message that is shown; empty if there is none."""
        last = ""
        for message in self.path():
            last = message.id
        return last

    def path(self) -> Iterator[Message]:
        """Yield the messages that are shown, first to last."""
        parent = ""
        while children := self._children.get(parent):
            chosen = self.choices.get(parent, "")
            parent = chosen if chosen in children else children[-1]
            yield self.messages[parent]

    def path_to(self, message_id: str) -> list[Message]:
        """Return the messages from the first to this one."""
        found: list[Message] = []
        while message_id:
            message = self.messages[message_id]
            found.append(message)
            message_id = message.parent
        return found[::-1]

    def siblings(self, message_id: str) -> list[str]:
        """Return the IDs of all versions of a message, itself included, oldest first."""
        return self._children[self.messages[message_id].parent]

    def add(self, message: Message) -> None:
        """Add a message and show it."""
        self.messages[message.id] = message
        self._children.setdefault(message.parent, []).append(message.id)
        self.choices[message.parent] = message.id
        if not self.title and message.role == "user":
            self.title = title_of(message.text)

    def replace(self, message: Message) -> None:
        """Put a message in place of the one with its ID."""
        self.messages[message.id] = message

    def show(self, message_id: str) -> None:
        """Show a version of a message, with what follows it."""
        self.choices[self.messages[message_id].parent] = message_id

    def unfinished(self) -> Iterable[Message]:
        """Return the answers that were being written when the conversation was kept last."""
        return [message for message in self.messages.values() if message.state == "writing"]


def title_of(words: str) -> str:
    """Return a title made from a first message; may be empty."""
    line = " ".join(words.split())
    if len(line) <= _TITLE_LENGTH:
        return line
    return line[:_TITLE_LENGTH].rsplit(" ", 1)[0].rstrip(",.;:") + "…"
