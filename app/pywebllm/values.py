"""The progress of a load, the support of a browser, and the chosen backend, as frozen values.

Responses of a model are in `types`. All times are in seconds. `wire` builds these values from
JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from .errors import WebLLMError

__all__ = [
    "Adapter",
    "Backend",
    "EngineChoice",
    "EngineSupport",
    "LoadPhase",
    "LoadProgress",
    "ModelLoss",
    "Support",
]

LoadPhase: TypeAlias = Literal["start", "fetch", "load", "compile", "ready"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadProgress:
    """The progress of a load.

    Attributes:
        phase: `start` (starting the worker), `fetch` (reading files from the network or cache),
            `load` (copying weights to the GPU), `compile` (compiling shaders), `ready` (the model
            answers).
        ratio: 0 to 1 over the whole load; never decreases within one load.
        text: One line for users.
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
    """The GPU as the browser describes it.

    Attributes:
        vendor: The vendor; may be empty like the next two, because browsers hide much of it.
        architecture: The family of GPUs.
        description: A readable name.
        fallback: True if the browser emulates the GPU on the CPU.
    """

    vendor: str
    architecture: str
    description: str
    fallback: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineChoice:
    """The engine that runs a model, and why.

    Attributes:
        engine: `webllm` (WebLLM on the GPU) or `wllama` (llama.cpp on the processor).
        reason: Why it is not `webllm`, one sentence; empty if nothing prevents that.
    """

    engine: Literal["webllm", "wllama"]
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSupport:
    """Whether one engine can run here.

    Attributes:
        ok: True when it can.
        problem: What is missing, one sentence; empty if nothing is.
        advice: What to do about it; empty if nothing is missing.
        code: What is missing as one word, such as `no-webgpu`, for texts of your own; empty if
            nothing is.
        threads: The number of threads of the processor that it computes with: for `wllama` more
            than one in a page that is cross-origin isolated.
    """

    ok: bool
    problem: str = ""
    advice: str = ""
    code: str = ""
    threads: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Support:
    """Whether this browser can run a model; if not, why and what to do.

    Attributes:
        ok: True when the built-in model can be loaded, by the engine `engine`.
        engine: The engine that runs the built-in model: the client's, or what `auto` takes.
        reason: Why `auto` does not take `webllm`; empty if it does.
        reason_code: The same as one word, as `code`.
        engines: What each engine can do here.
        storage: True if the page can store files. False, for example in a sandboxed frame, does
            not prevent loads, but limits them; `problem` and `advice` say how, also while `ok`.
        problem: What is missing, one sentence; empty if nothing is.
        advice: What to do about it; empty if nothing is missing.
        code: What is missing as one word, such as `no-webgpu` or `no-storage`, for texts of your
            own; empty if nothing is.
        adapter: The GPU; None if there is none.
        features: WebGPU features of the adapter, for example `shader-f16`.
        limits: WebGPU limits of the adapter, by their names in WebGPU.
        thread: Where the engine runs by default: in a `worker` of its own, or in the `main` thread
            of this Python where no worker can run, as in a SharedWorker or a sandboxed frame.
    """

    ok: bool
    engine: Literal["webllm", "wllama"] = "webllm"
    reason: str = ""
    reason_code: str = ""
    # Not a read-only proxy, which `copy`, `pickle` and `dataclasses.asdict` refuse.
    engines: Mapping[Literal["webllm", "wllama"], EngineSupport] = field(default_factory=dict)
    storage: bool = True
    problem: str = ""
    advice: str = ""
    code: str = ""
    adapter: Adapter | None = None
    features: frozenset[str] = frozenset()
    limits: Mapping[str, int] = field(default_factory=dict)
    thread: Literal["worker", "main"] = "worker"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """What answers the requests of a client.

    Attributes:
        kind: `page` (the model in the page), `browser` (the browser's own model) or `server`.
        base_url: The base URL of the requests; except for `server` only a label, nothing is sent
            there.
        model: The `model` of a request that the chosen model answers.
        reason: Why it was chosen.
    """

    kind: Literal["page", "browser", "server"]
    base_url: str
    model: str
    reason: str
