"""An operation of the engine that may load a model, and the model that it needs."""

from __future__ import annotations

from dataclasses import dataclass, field

from pywebllm.records import EngineName

__all__ = ["Operation", "Target"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A model that a bridge can load.

    Attributes:
        id: The id of the model.
        load_request: The bridge's request to load it, as JSON.
        engine: The engine that runs it.
        reason: Why it is that engine; empty if it is the usual one.
    """

    id: str
    load_request: str
    engine: EngineName = "webllm"
    reason: str = field(default="", compare=False)


@dataclass(slots=True, eq=False, kw_only=True)
class Operation:
    """A running `load`, or a request that is being made.

    Attributes:
        disposals: How often the engine had been disposed when the operation began.
        target: The model that it asked the bridge to load; None until it does.
        load_number: The number of that load, counted from 1; operations that share a load share
            its number. 0 until then.
    """

    disposals: int
    target: Target | None = None
    load_number: int = 0
