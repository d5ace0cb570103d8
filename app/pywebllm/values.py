"""How a load goes and what a browser can do, as frozen values.

Answers of a model are in `types`. All times are in seconds. Nothing here knows JSON; `wire`
builds these values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from .errors import WebLLMError

__all__ = ["Adapter", "Backend", "LoadPhase", "LoadProgress", "ModelLoss", "Support"]

LoadPhase: TypeAlias = Literal["start", "fetch", "load", "compile", "ready"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadProgress:
    """How far a load has come.

    Attributes:
        phase: `start` (the worker), `fetch` (files from network or cache), `load` (weights to
            the GPU), `compile` (shaders), `ready` (the model has answered).
        ratio: 0 to 1 over the whole load; never falls within one load.
        text: One line for people.
        elapsed: Seconds since the load began.
    """

    phase: LoadPhase
    ratio: float
    text: str
    elapsed: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelLoss:
    """A loaded model that was lost unexpectedly: its worker crashed, or the GPU device was lost.

    Attributes:
        model: The id of the model.
        error: What happened.
    """

    model: str
    error: WebLLMError


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapter:
    """The GPU as the browser names it; any text may be empty, browsers hide much of it.

    `fallback` is true for a GPU that the browser computes on the processor.
    """

    vendor: str
    architecture: str
    description: str
    fallback: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Support:
    """Whether this browser can run a model; if not, what is missing and what to do.

    Attributes:
        ok: True when a model can be loaded.
        problem: What is missing, one sentence; empty when nothing is.
        advice: What to do about it; empty when there is nothing to do.
        adapter: The GPU, when there is one.
        features: WebGPU features of the adapter, for example `shader-f16`.
        limits: WebGPU limits of the adapter, by WebGPU's names.
    """

    ok: bool
    problem: str = ""
    advice: str = ""
    adapter: Adapter | None = None
    features: frozenset[str] = frozenset()
    limits: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """What answers the requests of a client.

    Attributes:
        kind: `page` (the model in the page) or `server`.
        base_url: Where the requests go; in the page it is only a name.
        model: What a request names as its model, to get the one that was chosen.
        reason: Why it was chosen.
    """

    kind: Literal["page", "server"]
    base_url: str
    model: str
    reason: str
