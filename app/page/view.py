"""What the page shows in each of its states: values and words, no DOM."""

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

# index.html begins in the state "starting", which is start.js's; style.css knows all of them.
State: TypeAlias = Literal["checking", "unsupported", "loading", "failed", "ready", "writing"]

_GIB = 2**30


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """Everything that changes on the page, but the text that is written and the GPU's name.

    Attributes:
        state: What the visitor can do now, see `can_generate` and its neighbours.
        status: One line for everyone, read aloud by screen readers.
        ratio: How far the model is loaded, 0 to 1.
        problem: What went wrong, one sentence or empty; `advice` what to do about it.
        form_problem: What is wrong with the form, or empty.
        speed: How fast the last persona was written, or empty.
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
        """True when the model waits for a form."""
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
    """Python is there and looks at the browser."""
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
    """The model is on its way to the GPU."""
    return Screen(state="loading", status=status, ratio=ratio)


def failed(error: WebLLMError | None) -> Screen:
    """The model could not be loaded, or is gone; it can be tried again."""
    return Screen(
        state="failed",
        status="The model is not loaded.",
        problem=_sentence(error.problem if error else "Loading ended without a model"),
        advice=error.advice if error else "",
    )


def ready() -> Screen:
    """The model waits for the first form."""
    return Screen(state="ready", status="Ready. Describe someone and press Generate.", ratio=1.0)


def refused(error: ValueError) -> Screen:
    """The form cannot be made into a request."""
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
    """The persona is whole."""
    return Screen(state="ready", status="Done. Ready for the next.", ratio=1.0, speed=_speed(usage))


def stopped() -> Screen:
    """The visitor stopped the writing."""
    return Screen(state="ready", status="Stopped. Ready to write again.", ratio=1.0)


def interrupted(error: WebLLMError) -> Screen:
    """The writing failed, but the model is still there."""
    return Screen(
        state="ready",
        status="The persona is not finished. Ready to write again.",
        ratio=1.0,
        problem=_sentence(error.problem),
        advice=error.advice,
    )


def crashed(error: Exception) -> Screen:
    """Something nobody expected."""
    return Screen(
        state="failed",
        status="Something went wrong in this page.",
        problem=_sentence(f"{type(error).__name__}: {error}"),
        advice="Try again; the browser's console says more.",
    )


def describe_gpu(support: Support) -> str:
    """Return one line about the GPU and its limits, or nothing when there is none."""
    adapter = support.adapter
    if adapter is None:
        return ""
    name = adapter.description or f"{adapter.vendor} {adapter.architecture}".strip()
    if adapter.fallback or "swiftshader" in name.lower():
        return (
            "The processor stands in for a GPU, which is slow. If this machine has one, turn on"
            " hardware acceleration in the browser."
        )
    parts = [f"GPU: {name or 'its name is hidden by the browser'}"]
    buffer = support.limits.get("maxBufferSize", 0)
    if buffer:
        parts.append(f"buffers up to {buffer / _GIB:.3g} GiB")
    parts.append("16-bit floats" if "shader-f16" in support.features else "no 16-bit floats")
    return ", ".join(parts) + "."


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
