"""The chat template of a checkpoint, taken apart: what it writes around the texts of messages.

Templates are programs; WebLLM knows strings only. So the template is rendered with a few marked
texts, by `transformers`, and the strings are what lies between the marks. Nothing is told by names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from inspect import signature
from pathlib import Path
from typing import Any, Final, TypeAlias

from jinja2 import TemplateError

from model.compile.errors import CheckpointError
from model.compile.tokenizer import TextTokens, read_json
from model.compile.variables import unasked_variables

__all__ = ["OTHERWISE", "Marks", "Messages", "Template", "messages_of"]

Messages: TypeAlias = Sequence[tuple[str, str]]

OTHERWISE: Final = "Give WebLLM's conv_template in a JSON file with --conversation."
# Texts that no template is likely to write or to change.
_SYSTEM, _FIRST, _ANSWER, _SECOND, _TOOL = "Qsystem", "Qfirst", "Qanswer", "Qsecond", "Qtool"
_VALUE: Final = "Qvalue"
# A template is a program: besides refusing it may divide by zero, or add a number to a text.
_FAILURES: Final = (
    TemplateError,
    ArithmeticError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What a template writes around texts."""

    start: str
    """What every conversation begins with: the text of `bos_token`, or nothing."""
    system: tuple[str, str] | None
    """Before a system message, and from there to the user's text; None: there is no such role."""
    first: str
    """Before the user's first text where there is no system message."""
    answered: str
    """Between a user's text and its answer."""
    answering: str
    """The same where the answer is still to be written."""
    next: str
    """Between an answer and the user's next text."""
    tool: str | None
    """Between an answer and a tool's result; None: there is no such role."""
    ends: bool = False
    """Whether `next` begins with an added token, white space aside: the one that ends an answer."""

    @property
    def default_system(self) -> str | None:
        """The system message that is written where none is given, None where none is."""
        if self.system is None:
            return None
        before, after = self.system
        fits = self.first.startswith(before) and self.first.endswith(after)
        if not fits or len(self.first) < len(before) + len(after):
            return None
        return self.first[len(before) : len(self.first) - len(after)]


class _HoleError(CheckpointError):
    """A text has a hole where a variable should be; other templates just have no such role."""


class Template:
    """A chat template, rendered as `transformers` does."""

    def __init__(self, text: str, tokens: TextTokens) -> None:
        # Imported late: it takes seconds, and not every checkpoint has a template.
        from transformers import PreTrainedTokenizerFast  # noqa: PLC0415

        path = str(tokens.folder / "tokenizer.json")
        self._tokens = tokens
        self.is_dated = "strftime_now" in text
        """Whether it may write today's date."""
        self._renderer: Any = PreTrainedTokenizerFast(tokenizer_file=path)
        self._renderer.chat_template = text
        options = signature(self._renderer.apply_chat_template).parameters
        self._unknown = unasked_variables(text) - {*tokens.special, *tokens.absent, *options}

    @classmethod
    def read(cls, tokens: TextTokens) -> Template | None:
        """Read the template of a checkpoint, if it has one."""
        text = _template_text(tokens.folder)
        return None if text is None else cls(text, tokens)

    def render(self, messages: Messages) -> str:
        """Return the text of a conversation up to where the assistant answers.

        Raises:
            CheckpointError: The template refuses this conversation, cannot be rendered, or writes
                what nobody says.
        """
        try:
            text = self._write(messages)
            holes = [name for name in self._unknown if self._write(messages, name) != text]
        except _FAILURES as error:
            raise CheckpointError(
                f"The chat template cannot write {' then '.join(role for role, _ in messages)}: "
                f"{error}. {OTHERWISE}"
            ) from error
        if holes:
            raise _HoleError(
                f"The chat template writes {' and '.join(sorted(holes))}, but nobody says what "
                f"that is. If it is a token, name it in {self._tokens.folder}'s "
                "tokenizer_config.json, or null where there is none; else set it in the template. "
                f"{OTHERWISE}"
            )
        return text

    def _write(self, messages: Messages, *variables: str) -> str:
        """Return the text, with a value for these variables."""
        given = [{"role": role, "content": content} for role, content in messages]
        values = {**self._tokens.special, **dict.fromkeys(variables, _VALUE)}
        return str(
            self._renderer.apply_chat_template(
                given, tokenize=False, add_generation_prompt=True, **values
            )
        )

    def marks(self) -> Marks:
        """Take the template apart.

        Raises:
            CheckpointError: What it writes depends on more than the roles.
        """
        texts = (_FIRST, _ANSWER, _SECOND)
        first, answered, after, answering = self._between(messages_of(*texts), texts)
        start, first = self._without_start(first)
        return Marks(
            start=start,
            system=self._system(answered, after, answering, start=start),
            first=first,
            answered=answered,
            answering=answering,
            next=after,
            tool=self._tool(first, answered, answering),
            ends=self._tokens.leading(after.lstrip()) is not None,
        )

    def _system(
        self, answered: str, after: str, answering: str, *, start: str
    ) -> tuple[str, str] | None:
        texts = (_SYSTEM, _FIRST, _ANSWER, _SECOND)
        try:
            text = self.render(messages_of(*texts[1:], system=_SYSTEM))
        except _HoleError:
            raise
        except CheckpointError:
            return None
        if _SYSTEM not in text:
            return None
        before, between, *rest = _split(text, texts)
        if rest != [answered, after, answering]:
            raise CheckpointError(
                f"With a system message the chat template writes other things later on. {OTHERWISE}"
            )
        found, before = self._without_start(before)
        if found != start:
            raise CheckpointError(
                f"The chat template begins with {self._tokens.special['bos_token']} only where "
                f"there is no system message, or only where there is one. {OTHERWISE}"
            )
        return before, between

    def _tool(self, first: str, answered: str, answering: str) -> str | None:
        messages = [*messages_of(_FIRST, _ANSWER)[:2], ("tool", _TOOL)]
        try:
            parts = self._between(messages, (_FIRST, _ANSWER, _TOOL))
        except CheckpointError:
            return None
        fits = self._without_start(parts[0])[1] == first and parts[1] == answered
        return parts[2] if fits and parts[3] == answering else None

    def _between(self, messages: Messages, texts: Sequence[str]) -> list[str]:
        return _split(self.render(messages), texts)

    def _without_start(self, text: str) -> tuple[str, str]:
        start = self._tokens.special.get("bos_token", "")
        if start and text.startswith(start):
            return start, text.removeprefix(start)
        return "", text


def messages_of(*texts: str, system: str | None = None) -> list[tuple[str, str]]:
    """Return a conversation: the user begins, then user and assistant take turns."""
    turns = [("assistant" if index % 2 else "user", text) for index, text in enumerate(texts)]
    return turns if system is None else [("system", system), *turns]


def _split(text: str, marks: Sequence[str]) -> list[str]:
    parts = []
    for mark in marks:
        before, found, text = text.partition(mark)
        if not found or mark in text:
            raise CheckpointError(
                f"The chat template leaves out a message, changes it, or writes it twice. "
                f"{OTHERWISE}"
            )
        parts.append(before)
    return [*parts, text]


def _template_text(folder: Path) -> str | None:
    """Newer checkpoints keep it in a file of its own; older ones may have several, by name."""
    path = folder / "chat_template.jinja"
    if path.is_file():
        return path.read_text("utf-8")
    found = read_json(folder / "tokenizer_config.json").get("chat_template")
    if isinstance(found, list):
        found = {each["name"]: each["template"] for each in found}.get("default")
    return found if isinstance(found, str) and found else None
