"""A persona as elements, for the list, side by side and for printing.

Text from the model or the visitor goes in as text nodes, never as markup.
"""

from __future__ import annotations

from typing import Any

import js

from . import view
from .cards import Card, facts_of

__all__ = ["details", "element", "typed_lists", "whole_card"]


def element(tag: str, text: str = "", *, name: str = "") -> Any:
    """Return a new element with this text and class name."""
    made = js.document.createElement(tag)
    made.textContent = text
    if name:
        made.className = name
    return made


def typed_lists(card: Card) -> list[Any]:
    """Return the lists of a card with typed values, each with its label."""
    found = []
    for fact in facts_of(card):
        items = element("ul", name="chips")
        items.append(*[element("li", item) for item in fact.items])
        group = element("div", name="fact")
        group.append(element("p", fact.label, name="label"), items)
        found.append(group)
    return found


def details(card: Card) -> list[Any]:
    """Return all of a card below its title."""
    parts = []
    if card.subtitle:
        parts.append(element("p", card.subtitle, name="subtitle"))
    parts.append(element("p", card.text, name="words"))
    return parts + typed_lists(card)


def whole_card(card: Card, *, level: int) -> Any:
    """Return a card with its title as a heading of this level, and how it came to be."""
    made = element("article", name="persona-card")
    made.append(element(f"h{level}", card.title), *details(card))
    made.append(element("p", view.about(card), name="note"))
    return made
