"""What the persona view shows: values and texts, no DOM."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pywebllm import Usage, WebLLMError

from page.problems import problem_of
from page.speed import speed_text
from page.texts import text, text_of_count

from .cards import Card

__all__ = [
    "Screen",
    "about",
    "change_of",
    "finished",
    "interrupted",
    "kept_status",
    "refused",
    "speed_of",
    "stopped",
    "undo_of",
    "waiting",
    "writing",
]

# What the buttons for another version ask the model for, in the words that it knows.
_CHANGES = {
    "shorter": "Make it shorter.",
    "longer": "Make it longer.",
    "playful": "Make it more playful.",
    "formal": "Make it more formal.",
    "poetic": "Make it more poetic.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """Everything that changes in the view, except the written text.

    Attributes:
        status: One line, read aloud by screen readers.
        is_ready: True when the model answers.
        is_writing: True while text is written.
        has_card: True when a persona is shown, which can be edited, copied and so on.
        problem: What is wrong with the form, or went wrong, one sentence or empty.
        advice: What to do about it.
        detail: The same in the words of what failed.
        speed: The speed at which the last persona was written, or empty.
    """

    status: str
    is_ready: bool = False
    is_writing: bool = False
    has_card: bool = False
    problem: str = ""
    advice: str = ""
    detail: str = ""
    speed: str = ""

    @property
    def can_generate(self) -> bool:
        """True when the model is ready for a form."""
        return self.is_ready and not self.is_writing

    @property
    def can_use(self) -> bool:
        """True when the shown persona can be copied, downloaded, printed or edited."""
        return self.has_card and not self.is_writing

    def with_model(self, *, is_ready: bool) -> Screen:
        """Return the same screen after the model came or went."""
        return replace(self, is_ready=is_ready)

    def with_card(self, *, has_card: bool, status: str = "") -> Screen:
        """Return the screen for another persona, or none."""
        return replace(
            self, has_card=has_card, status=status, problem="", advice="", detail="", speed=""
        )


def waiting() -> Screen:
    """Nothing is written yet."""
    return Screen(status="")


def writing() -> Screen:
    """A persona is being written."""
    return Screen(status=text("persona.writing"), is_ready=True, is_writing=True)


def finished(usage: Usage | None, *, is_ready: bool = True) -> Screen:
    """The persona is complete."""
    return Screen(
        status=text("persona.finished"),
        is_ready=is_ready,
        has_card=True,
        speed=speed_of(usage),
    )


def stopped(*, is_ready: bool, has_card: bool = False) -> Screen:
    """The visitor stopped writing."""
    return Screen(status=text("persona.stopped"), is_ready=is_ready, has_card=has_card)


def refused(error: WebLLMError, *, has_card: bool = False) -> Screen:
    """The values of the form cannot be used."""
    return Screen(
        status=text("persona.refused"),
        is_ready=True,
        has_card=has_card,
        problem=text("persona.refused.problem"),
        advice=text("persona.refused.advice"),
        detail=str(error),
    )


def interrupted(error: WebLLMError, *, is_ready: bool, has_card: bool = False) -> Screen:
    """Writing failed; the card above says it if the model was lost."""
    status = text("persona.interrupted")
    if not is_ready:
        return Screen(status=status, has_card=has_card)
    problem = problem_of(error)
    return Screen(
        status=status,
        is_ready=True,
        has_card=has_card,
        problem=problem.what,
        advice=problem.advice,
        detail=problem.detail,
    )


def speed_of(usage: Usage | None) -> str:
    """Return how fast an answer was, with what the engine reported; may be empty."""
    if usage is None:
        return ""
    return speed_text(
        tokens_per_second=usage.decode_tokens_per_second,
        first_token=usage.time_to_first_token,
        completion_tokens=usage.completion_tokens,
    )


def about(card: Card) -> str:
    """Return how a persona came to be, one line."""
    parts = [text("persona.about.seed", seed=card.seed), card.model]
    if card.change:
        parts.insert(0, text("persona.about.change", change=card.change))
    if card.is_edited:
        parts.insert(0, text("persona.about.edited"))
    return " · ".join(parts)


def change_of(name: str) -> str:
    """Return what a button for another version asks for; other words are the visitor's own."""
    return _CHANGES.get(name, name.strip())


def kept_status(count: int, compared: int) -> str:
    """Return the line above the kept personas."""
    if compared == 1:
        return text("persona.kept.one.more")
    return text_of_count("persona.kept", count)


def undo_of(cards: list[Card]) -> str:
    """Return what was deleted, one sentence; empty if nothing can be brought back."""
    if not cards:
        return ""
    return text_of_count("persona.deleted", len(cards), name=cards[0].title)
