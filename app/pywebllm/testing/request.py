"""The requests that reach a scripted engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pywebllm.wire import Kind

__all__ = ["ScriptedRequest"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptedRequest:
    """A request as the engine gets it, after all checks.

    Attributes:
        kind: `chat.completions`, `completions` or `embeddings`.
        model: The ID of the model.
        body: WebLLM's request: messages are text, tools are in the system message, formats are
            grammars.
    """

    kind: Kind
    model: str
    body: Mapping[str, Any]

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The messages of a chat; empty for other requests."""
        found: list[dict[str, Any]] = self.body.get("messages", [])
        return found

    @property
    def prompt(self) -> str:
        """The text of the last message, or the prompt of a text completion."""
        if self.kind == "completions":
            return str(self.body["prompt"])
        content = self.messages[-1]["content"] if self.messages else ""
        if isinstance(content, str):
            return content
        return "".join(part.get("text", "") for part in content)
