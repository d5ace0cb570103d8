"""The elements of the persona view, as its controller sees them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from .cards import Card
from .view import Screen

__all__ = ["PersonaPage"]


class PersonaPage(Protocol):
    """The elements of the view, as the controller sees them."""

    def show(self, screen: Screen) -> None:
        """Replace what is shown by `screen`."""
        ...

    def fields(self) -> dict[str, str]:
        """Return the values of the form by field name."""
        ...

    def set_fields(self, fields: Mapping[str, str]) -> None:
        """Put values into the form; fields that are not named become empty."""
        ...

    def clear_text(self) -> None:
        """Remove the written text."""
        ...

    def write(self, piece: str) -> None:
        """Append to the written text."""
        ...

    def show_card(self, card: Card | None, about: str) -> None:
        """Show a complete persona in place of the written text; None shows nothing."""
        ...

    def edited_text(self) -> str | None:
        """Return what the visitor wrote by hand; None while no text is being edited."""
        ...

    def edit(self, text: str) -> None:
        """Let the visitor change this text by hand."""
        ...

    def end_edit(self) -> None:
        """Show the text again in place of the field to edit it."""
        ...

    async def copy(self, text: str) -> bool:
        """Put text on the clipboard; return whether the browser allowed it."""
        ...

    def save(self, name: str, kind: str, content: str) -> None:
        """Offer a file as a download."""
        ...

    def print(self, cards: list[Card]) -> None:
        """Print these personas, each as a card."""
        ...
