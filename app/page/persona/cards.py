"""Personas that are kept, as values: read and written as records, as JSON and as Markdown."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from page.texts import text

__all__ = [
    "Card",
    "Fact",
    "card_of",
    "facts_of",
    "file_name",
    "json_of",
    "markdown_of",
    "record_of",
]

_LISTS = ("interests", "traits", "goals")
# What Markdown would read as markup.
_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A persona and what it was written from.

    Attributes:
        id: Its ID; a later one is greater.
        made: When it was written, in seconds of the Unix epoch.
        fields: The values of the form.
        text: The paragraph, or the summary of typed values.
        seed: The seed it was written with.
        model: The ID of the model that wrote it.
        values: The typed values by their names; empty for a paragraph.
        change: What the visitor asked to change; empty for a first version.
        is_edited: True if the visitor changed the text by hand.
    """

    id: str
    made: float
    fields: Mapping[str, str]
    text: str
    seed: int
    model: str
    values: Mapping[str, Any] = field(default_factory=dict)
    change: str = ""
    is_edited: bool = False

    @property
    def title(self) -> str:
        """The name of the person, else what kind of text it is."""
        name = str(self.values.get("name") or self.fields.get("name") or "").strip()
        return name or text("persona.unnamed")

    @property
    def subtitle(self) -> str:
        """Occupation and age, as far as they are known."""
        known = self.values or self.fields
        parts = [str(known.get(name) or "").strip() for name in ("occupation", "age")]
        return ", ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A typed value that is a list, as it is shown: a label and its items."""

    label: str
    items: tuple[str, ...]


def facts_of(card: Card) -> tuple[Fact, ...]:
    """Return the lists of a card with typed values; empty for a paragraph."""
    found = [(name, _strings(card.values.get(name))) for name in _LISTS]
    return tuple(
        Fact(label=text(f"persona.list.{name}"), items=items) for name, items in found if items
    )


def record_of(card: Card) -> dict[str, Any]:
    """Return a card as the record that is kept."""
    return {
        "id": card.id,
        "made": card.made,
        "fields": dict(card.fields),
        "text": card.text,
        "seed": card.seed,
        "model": card.model,
        "values": dict(card.values),
        "change": card.change,
        "edited": card.is_edited,
    }


def card_of(record: Mapping[str, Any]) -> Card | None:
    """Return the card of a record; None if it is not one, such as that of another version."""
    try:
        return Card(
            id=str(record["id"]),
            made=float(record["made"]),
            fields={str(name): str(value) for name, value in record["fields"].items()},
            text=str(record["text"]),
            seed=int(record["seed"]),
            model=str(record["model"]),
            values=dict(record.get("values") or {}),
            change=str(record.get("change") or ""),
            is_edited=bool(record.get("edited")),
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def json_of(card: Card) -> str:
    """Return a card as the JSON file that the visitor downloads."""
    content: dict[str, Any] = dict(card.values) or {"text": card.text}
    content["inputs"] = {name: value for name, value in card.fields.items() if value.strip()}
    content |= {"model": card.model, "seed": card.seed}
    if card.change:
        content["change"] = card.change
    content |= {"edited": card.is_edited, "created": _moment(card).isoformat()}
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def markdown_of(card: Card) -> str:
    """Return a card as Markdown; its text cannot become markup."""
    parts = [f"# {_plain(card.title)}"]
    if card.subtitle:
        parts.append(f"*{_plain(card.subtitle)}*")
    parts.append(_plain(card.text))
    for fact in facts_of(card):
        parts.append(f"## {fact.label}")
        parts.append("\n".join(f"- {_plain(item)}" for item in fact.items))
    return "\n\n".join(parts) + "\n"


def file_name(card: Card, ending: str) -> str:
    """Return the name of a downloaded file: the person's name, in letters that any system takes."""
    words = re.sub(r"[^\w-]+", "-", card.title, flags=re.UNICODE).strip("-").lower()
    return f"{words[:60] or 'persona'}.{ending}"


def _moment(card: Card) -> datetime:
    return datetime.fromtimestamp(round(card.made), tz=UTC)


def _strings(value: object) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, list | tuple) else ()


def _plain(words: str) -> str:
    escaped = _MARKUP.sub(r"\\\1", words.strip())
    # At the beginning of a line these are markup too.
    return re.sub(r"(?m)^(\s*)([-+]|\d+[.)])(?=\s)", r"\1\\\2", escaped)
