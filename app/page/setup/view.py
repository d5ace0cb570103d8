"""What the set-up card shows in each of its states: values and texts, no DOM."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from pywebllm import LoadProgress, Support, WebLLMError

from page.problems import Problem, problem_of, reason_of, support_problem
from page.texts import number, text, text_of_count

__all__ = [
    "Screen",
    "State",
    "checking",
    "crashed",
    "describe_gpu",
    "failed",
    "loading",
    "ready",
    "unsupported",
]

# index.html begins in the state "starting", which start.js owns; css/setup.css styles all of them.
State: TypeAlias = Literal["checking", "unsupported", "loading", "failed", "ready"]

_GIB = 2**30


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """Everything that changes on the card, except the line about the GPU.

    Attributes:
        state: Decides what the visitor can do, see `can_retry`.
        status: One line, read aloud by screen readers.
        ratio: Progress of the load, 0 to 1.
        problem: What went wrong, one sentence or empty.
        advice: What to do about it.
        detail: The same in the words of what failed, for those who look closer.
    """

    state: State
    status: str
    ratio: float = 0.0
    problem: str = ""
    advice: str = ""
    detail: str = ""

    @property
    def can_retry(self) -> bool:
        """True when loading again may help."""
        return self.state == "failed"


def checking() -> Screen:
    """Python runs and checks the browser."""
    return Screen(state="checking", status=text("setup.checking"))


def unsupported(support: Support) -> Screen:
    """This browser cannot run a model."""
    return _failure("unsupported", text("setup.unsupported"), support_problem(support))


def loading(progress: LoadProgress | None) -> Screen:
    """The model is being loaded."""
    if progress is None:
        return Screen(state="loading", status=text("setup.load.start"))
    status = text(f"setup.load.{progress.phase}")
    return Screen(state="loading", status=status, ratio=progress.ratio)


def failed(error: WebLLMError | None) -> Screen:
    """The model could not be loaded, or was lost; loading can be tried again."""
    status = text("setup.failed")
    if error is None:
        return Screen(state="failed", status=status, problem=text("setup.failed.unknown"))
    return _failure("failed", status, problem_of(error))


def ready(model: str) -> Screen:
    """The model answers; an empty `model` is the built-in one."""
    name = model or text("setup.builtin")
    return Screen(state="ready", status=text("setup.ready", model=name), ratio=1.0)


def crashed(error: Exception) -> Screen:
    """An unexpected error."""
    return Screen(
        state="failed",
        status=text("setup.crashed"),
        problem=text("problem.unknown"),
        advice=text("setup.crashed.advice"),
        detail=f"{type(error).__name__}: {error}",
    )


def describe_gpu(support: Support) -> str:
    """Return one line about what the model runs on; an empty string when it cannot run."""
    if support.engine == "wllama" and support.ok:
        return _describe_processor(support)
    adapter = support.adapter
    if adapter is None:
        return ""
    name = adapter.description or f"{adapter.vendor} {adapter.architecture}".strip()
    if adapter.fallback or "swiftshader" in name.lower():
        return text("setup.gpu.software")
    parts = [text("setup.gpu", name=name or text("setup.gpu.hidden"))]
    buffer = support.limits.get("maxBufferSize", 0)
    if buffer:
        parts.append(text("setup.gpu.buffers", size=number(buffer / _GIB, ".3g")))
    has_f16 = "shader-f16" in support.features
    parts.append(text("setup.gpu.f16") if has_f16 else text("setup.gpu.f32"))
    return ", ".join(parts) + "."


def _describe_processor(support: Support) -> str:
    threads = support.engines["wllama"].threads
    return f"{reason_of(support)} {text_of_count('setup.processor', threads)}".strip()


def _failure(state: State, status: str, problem: Problem) -> Screen:
    return Screen(
        state=state,
        status=status,
        problem=problem.what,
        advice=problem.advice,
        detail=problem.detail,
    )
