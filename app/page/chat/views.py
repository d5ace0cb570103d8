"""The messages of a conversation as they are shown; those that did not change are kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from .conversation import Conversation
from .messages import Message
from .view import MessageView, view_of

__all__ = ["MessageViews"]

# Besides the message itself, what a view depends on.
_State: TypeAlias = tuple[int, bool, bool]


class MessageViews:
    """Makes views of messages: of hundreds, mostly one has changed.

    Args:
        label: Returns what a tool is called in words.
    """

    def __init__(self, label: Callable[[str], str]) -> None:
        self._label = label
        self._known: dict[str, tuple[Message, _State, MessageView]] = {}

    def of(self, conversation: Conversation, *, is_writing: bool) -> list[MessageView]:
        """Return the messages that are shown, first to last.

        Args:
            conversation: Always the same one, until `clear`.
            is_writing: True while this page writes the last message.
        """
        path = list(conversation.path())
        last = path[-1].id if path else ""
        return [
            self._view_of(
                conversation,
                message,
                is_live=is_writing and message.id == last and message.state == "writing",
                is_last=message.id == last,
            )
            for message in path
        ]

    def clear(self) -> None:
        """Keep nothing."""
        self._known.clear()

    def _view_of(
        self, conversation: Conversation, message: Message, *, is_live: bool, is_last: bool
    ) -> MessageView:
        state = (len(conversation.siblings(message.id)), is_live, is_last)
        before = self._known.get(message.id)
        # One that changes is replaced, so that its fields need not be compared.
        if before is not None and before[0] is message and before[1] == state:
            return before[2]
        found = view_of(conversation, message, label=self._label, is_live=is_live, is_last=is_last)
        self._known[message.id] = (message, state, found)
        return found
