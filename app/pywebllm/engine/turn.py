"""A piece of work of the engine that may load a model, and the model that it wants."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Turn", "Wanted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A model that a bridge can load: its id, and the request to load it."""

    id: str
    text: str


@dataclass(slots=True, eq=False, kw_only=True)
class Turn:
    """One piece of work that may load a model.

    Once it has asked the bridge for one, `wanted` says which, and `era` how many came before:
    work that shares a load shares its era.
    """

    epoch: object
    wanted: Wanted | None = None
    era: int = 0
