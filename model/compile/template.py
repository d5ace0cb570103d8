"""Splitting the chat template of a checkpoint into the strings that it writes around messages.

Templates are programs, but WebLLM supports only strings. So `transformers` renders the template
with a few marker contents, and the strings are what is between the markers. Nothing is recognized
by its name.
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
from model.compile.variables import undefined_variables

__all__ = ["CONVERSATION_HINT", "Marks", "Messages", "Template", "messages_of"]

Messages: TypeAlias = Sequence[tuple[str, str]]

CONVERSATION_HINT: Final = "Pass WebLLM's conv_template in a JSON file with --conversation."
# Markers that templates are unlikely to contain or to change.
_SYSTEM, _FIRST, _ANSWER, _SECOND, _TOOL = "Qsystem", "Qfirst", "Qanswer", "Qsecond", "Qtool"
_VALUE: Final = "Qvalue"
# A template is a program: it may raise an error, divide by zero, or add a number to a string.
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
    """The strings that a template writes around the contents of messages."""

    start: str
    """The start of every conversation: the `bos_token`, or an empty string."""
    system: tuple[str, str] | None
    """Before the system message, and between it and the user message; None: no such role."""
    first: str
    """Before the first user message if there is no system message."""
    answered: str
    """Between a user message and its answer."""
    answering: str
    """After a user message whose answer is to be generated."""
    next: str
    """Between an answer and the next user message."""
    tool: str | None
    """Between an answer and the result of a tool; None: no such role."""
    ends: bool = False
    """Whether `next` starts, after white space, with an added token, which ends an answer."""

    @property
    def default_system(self) -> str | None:
        """The system message of conversations without one; None: the template adds none."""
        if self.system is None:
            return None
        before, after = self.system
        fits = self.first.startswith(before) and self.first.endswith(after)
        if not fits or len(self.first) < len(before) + len(after):
            return None
        return self.first[len(before) : len(self.first) - len(after)]


class _UndefinedVariableError(CheckpointError):
    """The prompt depends on an undefined variable; other errors mean that a role is missing."""


class Template:
    """A chat template, rendered by `transformers`."""

    def __init__(self, text: str, tokens: TextTokens) -> None:
        # Imported late: this takes seconds, and not every checkpoint has a template.
        from transformers import PreTrainedTokenizerFast  # noqa: PLC0415

        path = str(tokens.folder / "tokenizer.json")
        self._tokens = tokens
        self.is_dated = "strftime_now" in text
        """Whether it may contain the current date."""
        self._renderer: Any = PreTrainedTokenizerFast(tokenizer_file=path)
        self._renderer.chat_template = text
        options = signature(self._renderer.apply_chat_template).parameters
        self._undefined = undefined_variables(text) - {*tokens.special, *tokens.absent, *options}

    @classmethod
    def read(cls, tokens: TextTokens) -> Template | None:
        """Return the template of a checkpoint, or None if it has none."""
        text = _template_text(tokens.folder)
        return None if text is None else cls(text, tokens)

    def render(self, messages: Messages) -> str:
        """Return the prompt of a conversation, up to the start of the next answer.

        Raises:
            CheckpointError: The template rejects this conversation, cannot be rendered, or contains
                an undefined variable.
        """
        try:
            text = self._render(messages)
            used = [name for name in self._undefined if self._render(messages, name) != text]
        except _FAILURES as error:
            raise CheckpointError(
                "The chat template cannot render messages of the roles "
                f"{', '.join(role for role, _ in messages)}: {error}. {CONVERSATION_HINT}"
            ) from error
        if used:
            raise _UndefinedVariableError(
                f"The chat template contains undefined variables: {', '.join(sorted(used))}. "
                "Define a token in tokenizer_config.json of "
                f"{self._tokens.folder}, with the value null if there is none; set another "
                f"variable in the template. {CONVERSATION_HINT}"
            )
        return text

    def _render(self, messages: Messages, *variables: str) -> str:
        """Return the prompt with a value for these variables."""
        given = [{"role": role, "content": content} for role, content in messages]
        values = {**self._tokens.special, **dict.fromkeys(variables, _VALUE)}
        return str(
            self._renderer.apply_chat_template(
                given, tokenize=False, add_generation_prompt=True, **values
            )
        )

    def marks(self) -> Marks:
        """Return the strings of the template.

        Raises:
            CheckpointError: They depend on more than the roles.
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
        except _UndefinedVariableError:
            raise
        except CheckpointError:
            return None
        if _SYSTEM not in text:
            return None
        before, between, *rest = _split(text, texts)
        if rest != [answered, after, answering]:
            raise CheckpointError(
                "After a system message, the chat template renders later messages differently. "
                f"{CONVERSATION_HINT}"
            )
        found, before = self._without_start(before)
        if found != start:
            raise CheckpointError(
                f"The chat template starts with {self._tokens.special['bos_token']} only with a "
                f"system message, or only without one. {CONVERSATION_HINT}"
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
    """Return a conversation in which user and assistant alternate, starting with the user."""
    turns = [("assistant" if index % 2 else "user", text) for index, text in enumerate(texts)]
    return turns if system is None else [("system", system), *turns]


def _split(text: str, marks: Sequence[str]) -> list[str]:
    parts = []
    for mark in marks:
        before, found, text = text.partition(mark)
        if not found or mark in text:
            raise CheckpointError(
                "The chat template omits, changes or repeats the content of a message. "
                f"{CONVERSATION_HINT}"
            )
        parts.append(before)
    return [*parts, text]


def _template_text(folder: Path) -> str | None:
    """Read the template: newer checkpoints have a separate file, older ones may have several."""
    path = folder / "chat_template.jinja"
    if path.is_file():
        return path.read_text("utf-8")
    found = read_json(folder / "tokenizer_config.json").get("chat_template")
    if isinstance(found, list):
        found = {each["name"]: each["template"] for each in found}.get("default")
    return found if isinstance(found, str) and found else None
