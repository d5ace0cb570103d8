"""What the persona view shows: values and texts, no DOM."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pywebllm import Usage, WebLLMError

from page.setup.view import sentence
from page.texts import text

__all__ = [
    "Screen",
    "finished",
    "interrupted",
    "refused",
    "speed_of",
    "stopped",
    "waiting",
    "writing",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """Everything that changes in the view, except the written text.

    Attributes:
        status: One line, read aloud by screen readers.
        is_ready: True when the model answers.
        is_writing: True while text is written.
        problem: What is wrong with the form, or went wrong, one sentence or empty.
        advice: What to do about it.
        speed: The speed at which the last persona was written, or empty.
    """

    status: str
    is_ready: bool = False
    is_writing: bool = False
    problem: str = ""
    advice: str = ""
    speed: str = ""

    @property
    def can_generate(self) -> bool:
        """True when the model is ready for a form."""
        return self.is_ready and not self.is_writing

    def with_model(self, *, is_ready: bool) -> Screen:
        """Return the same screen after the model came or went."""
        return replace(self, is_ready=is_ready)


def waiting() -> Screen:
    """Nothing is written yet."""
    return Screen(status="")


def writing() -> Screen:
    """A persona is being written."""
    return Screen(status=text("persona.writing"), is_ready=True, is_writing=True)


def finished(usage: Usage | None) -> Screen:
    """The persona is complete."""
    return Screen(status=text("persona.finished"), is_ready=True, speed=speed_of(usage))


def stopped(*, is_ready: bool) -> Screen:
    """The visitor stopped writing."""
    return Screen(status=text("persona.stopped"), is_ready=is_ready)


def refused(error: WebLLMError) -> Screen:
    """The values of the form cannot be used."""
    return Screen(status=text("persona.refused"), is_ready=True, problem=sentence(error.problem))


def interrupted(error: WebLLMError, *, is_ready: bool) -> Screen:
    """Writing failed; the card above says it if the model was lost."""
    status = text("persona.interrupted")
    if not is_ready:
        return Screen(status=status)
    problem = sentence(error.problem)
    return Screen(status=status, is_ready=True, problem=problem, advice=error.advice)


def speed_of(usage: Usage | None) -> str:
    """Return how fast an answer was, with what the engine reported; may be empty."""
    if usage is None:
        return ""
    parts = []
    if usage.decode_tokens_per_second is not None:
        parts.append(text("speed.tokens", rate=f"{usage.decode_tokens_per_second:.1f}"))
    if usage.time_to_first_token is not None:
        parts.append(text("speed.first", seconds=f"{usage.time_to_first_token:.2f}"))
    parts.append(text("speed.count", count=usage.completion_tokens))
    return " · ".join(parts)
