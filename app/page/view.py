"""What the page shows in each of its states: values and texts, no DOM."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from pywebllm import Support, Usage, WebLLMError

__all__ = [
    "Screen",
    "State",
    "checking",
    "crashed",
    "describe_gpu",
    "failed",
    "finished",
    "interrupted",
    "loading",
    "ready",
    "refused",
    "stopped",
    "unsupported",
    "writing",
]

# index.html begins in the state "starting", which start.js owns; style.css styles all of them.
State: TypeAlias = Literal["checking", "unsupported", "loading", "failed", "ready", "writing"]

_GIB = 2**30


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """Everything that changes on the page, except the written text and the GPU's name.

    Attributes:
        state: Decides what the visitor can do, see `can_generate`, `can_stop` and `can_retry`.
        status: One line, read aloud by screen readers.
        ratio: Progress of the load, 0 to 1.
        problem: What went wrong, one sentence or empty.
        advice: What to do about it.
        form_problem: What is wrong with the form, one sentence or empty.
        speed: The speed at which the last persona was written, or empty.
    """

    state: State
    status: str
    ratio: float = 0.0
    problem: str = ""
    advice: str = ""
    form_problem: str = ""
    speed: str = ""

    @property
    def can_generate(self) -> bool:
        """True when the model is ready for a form."""
        return self.state == "ready"

    @property
    def can_stop(self) -> bool:
        """True while text is written."""
        return self.state == "writing"

    @property
    def can_retry(self) -> bool:
        """True when loading again may help."""
        return self.state == "failed"


def checking() -> Screen:
    """Python runs and checks the browser."""
    return Screen(state="checking", status="Looking for a GPU…")


def unsupported(support: Support) -> Screen:
    """This browser cannot run a model."""
    return Screen(
        state="unsupported",
        status="This browser cannot run the model.",
        problem=support.problem,
        advice=support.advice,
    )


def loading(status: str, ratio: float) -> Screen:
    """The model is being loaded."""
    return Screen(state="loading", status=status, ratio=ratio)


def failed(error: WebLLMError | None) -> Screen:
    """The model could not be loaded, or was lost; loading can be tried again."""
    return Screen(
        state="failed",
        status="The model is not loaded.",
        problem=_sentence(error.problem if error else "Loading ended without a model"),
        advice=error.advice if error else "",
    )


def ready() -> Screen:
    """The model is ready for the first form."""
    return Screen(state="ready", status="Ready. Describe someone and press Generate.", ratio=1.0)


def refused(error: ValueError) -> Screen:
    """The values of the form cannot be used."""
    problem = error.problem if isinstance(error, WebLLMError) else str(error)
    return Screen(
        state="ready",
        status="Ready, once the form is filled in.",
        ratio=1.0,
        form_problem=_sentence(problem),
    )


def writing() -> Screen:
    """A persona is being written."""
    return Screen(state="writing", status="Writing…", ratio=1.0)


def finished(usage: Usage | None) -> Screen:
    """The persona is complete."""
    return Screen(state="ready", status="Done. Ready for the next.", ratio=1.0, speed=_speed(usage))


def stopped() -> Screen:
    """The visitor stopped writing."""
    return Screen(state="ready", status="Stopped. Ready to write again.", ratio=1.0)


def interrupted(error: WebLLMError) -> Screen:
    """Writing failed, but the model is still loaded."""
    return Screen(
        state="ready",
        status="The persona is not finished. Ready to write again.",
        ratio=1.0,
        problem=_sentence(error.problem),
        advice=error.advice,
    )


def crashed(error: Exception) -> Screen:
    """An unexpected error."""
    return Screen(
        state="failed",
        status="Something went wrong in this page.",
        problem=_sentence(f"{type(error).__name__}: {error}"),
        advice="Try again. The browser's console shows the details.",
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
        return (
            "No GPU found: the model runs on the processor and is slow. If this machine has a GPU,"
            " turn on hardware acceleration in the browser's settings."
        )
    parts = [f"GPU: {name or 'its name is hidden by the browser'}"]
    buffer = support.limits.get("maxBufferSize", 0)
    if buffer:
        parts.append(f"buffers up to {buffer / _GIB:.3g} GiB")
    parts.append("16-bit floats" if "shader-f16" in support.features else "no 16-bit floats")
    return ", ".join(parts) + "."


def _describe_processor(support: Support) -> str:
    threads = support.engines["wllama"].threads
    amount = "one thread" if threads == 1 else f"{threads} threads"
    return f"{support.reason} The model runs on the processor, by llama.cpp in {amount}.".strip()


def _speed(usage: Usage | None) -> str:
    if usage is None:
        return ""
    parts = []
    if usage.decode_tokens_per_second is not None:
        parts.append(f"{usage.decode_tokens_per_second:.1f} tokens/s")
    if usage.time_to_first_token is not None:
        parts.append(f"first token after {usage.time_to_first_token:.2f} s")
    parts.append(f"{usage.completion_tokens} tokens")
    return " · ".join(parts)


def _sentence(text: str) -> str:
    text = text.strip()
    end = "" if text.endswith((".", "!", "?")) else "."
    return text[:1].upper() + text[1:] + end
