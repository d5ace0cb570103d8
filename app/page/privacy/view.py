"""What the privacy view shows: values and texts, no DOM."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from page.texts import number, text, text_of_count

__all__ = ["Screen", "State", "Stored", "asking", "deleted", "deleting", "failed", "shown"]

State: TypeAlias = Literal["reading", "shown", "asking", "deleting", "deleted", "failed"]

# In the order of the page: what the visitor made comes first.
_RECORDS = ("conversations", "personas", "programs", "settings")
_USES = ("models", "page", "python")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """One kind of thing that is stored.

    Attributes:
        kind: Its name in the texts, `privacy.kind.NAME`.
        amount: How much of it there is, in words.
    """

    kind: str
    amount: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """Everything that changes on the view.

    Attributes:
        state: Which buttons are shown.
        status: One line, read aloud by screen readers.
        stored: What is stored.
    """

    state: State
    status: str = ""
    stored: tuple[Stored, ...] = ()


def shown(survey: Mapping[str, Any]) -> Screen:
    """What is stored."""
    records = [
        Stored(kind=kind, amount=text_of_count("privacy.records", survey["records"].get(kind, 0)))
        for kind in _RECORDS
    ]
    answers = Stored(
        kind="answers", amount=text_of_count("privacy.records", survey.get("answers", 0))
    )
    uses = [Stored(kind=use, amount=_size(survey["bytes"].get(use, 0))) for use in _USES]
    small = Stored(kind="small", amount=text_of_count("privacy.records", survey["settings"]))
    return Screen(state="shown", stored=(*records, answers, *uses, small))


def asking(before: Screen) -> Screen:
    """The visitor is asked whether to delete all."""
    return Screen(state="asking", status=text("privacy.ask"), stored=before.stored)


def deleting(before: Screen) -> Screen:
    """All is being deleted."""
    return Screen(state="deleting", status=text("privacy.deleting"), stored=before.stored)


def deleted() -> Screen:
    """Nothing is left."""
    return Screen(state="deleted", status=text("privacy.deleted"))


def failed(problem: str) -> Screen:
    """The browser refused."""
    return Screen(state="failed", status=text("privacy.failed", reason=problem))


def _size(count: int) -> str:
    if not count:
        return text("privacy.nothing")
    return text("privacy.size", size=number(max(count / 1e6, 0.1), ",.1f"))
