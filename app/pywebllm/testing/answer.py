"""What a scripted engine answers."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from pywebllm.chat.reasoning import with_reasoning
from pywebllm.chat.tool_calls import tool_calls_text
from pywebllm.errors import WebLLMError
from pywebllm.types import Function

__all__ = ["Answer", "Answerable", "read_answer", "tool_call"]

# Words with the space before them, as most tokenizers cut text.
_PIECE = re.compile(r"\s*\S+|\s+")


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of a scripted engine.

    Attributes:
        text: The text.
        calls: Calls of tools after the text.
        reasoning: What comes before the text, in `<think>`; None: no such block.
        pieces: The text in the pieces in which it streams; None: word by word.
        error: Raised after the text; None: the answer is complete.
        delay: Seconds before each piece; infinity: no piece arrives until the request is stopped.
    """

    text: str = ""
    calls: Sequence[Function] = ()
    reasoning: str | None = None
    pieces: Sequence[str] | None = None
    error: WebLLMError | None = None
    delay: float = 0.0

    def written(self) -> list[str]:
        """Return the pieces of what the model writes, calls and reasoning included."""
        before = with_reasoning(self.reasoning, "")
        text = [*self.pieces] if self.pieces is not None else _PIECE.findall(self.text)
        return [*_PIECE.findall(before), *text, *_PIECE.findall(tool_calls_text(self.calls))]


Answerable: TypeAlias = Answer | str | Function | WebLLMError | Mapping[str, Any] | list[Any]
"""What a script may contain: an answer, its text, a call, an error, or a value, sent as JSON."""


def tool_call(name: str, /, **arguments: object) -> Function:
    """Return the call of a tool with these arguments.

    In a script it is an answer that consists of this call; for several, pass `calls` to `Answer`.
    """
    return Function(name=name, arguments=json.dumps(arguments))


def read_answer(value: Answerable) -> Answer:
    """Return the answer that a script means.

    Raises:
        TypeError: The value is of another type.
    """
    match value:
        case Answer():
            return value
        case str():
            return Answer(value)
        case Function():
            return Answer(calls=[value])
        case WebLLMError():
            return Answer(error=value)
        case dict() | list():
            return Answer(json.dumps(value))
    raise TypeError(f"a script must contain answers, strings, calls, errors or JSON, got {value!r}")
