"""The elements of the chat view as its controller sees them; `dom` has the real ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from .answering import Kind
from .view import MessageView, Screen

__all__ = ["ChatPage"]


class ChatPage(Protocol):
    """The elements of the view, as the controller sees them."""

    def show(self, screen: Screen) -> None:
        """Replace what is shown by `screen`."""
        ...

    def show_messages(self, messages: Sequence[MessageView]) -> None:
        """Replace the messages; those that are as before stay untouched."""
        ...

    def append(self, message_id: str, kind: Kind, piece: str) -> None:
        """Append to a message that is shown."""
        ...

    def to_end(self) -> None:
        """Scroll to the end, and follow it."""
        ...

    def edit(self, message_id: str, words: str) -> None:
        """Let the visitor edit a message."""
        ...

    async def copy(self, words: str) -> bool:
        """Put a text on the clipboard; return whether the browser allowed it."""
        ...

    def name(self, conversation_id: str) -> None:
        """Make the address that of a conversation, without a visit."""
        ...
